"""The journal: tables, one writer, and what is read back from it."""
