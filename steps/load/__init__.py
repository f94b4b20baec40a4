"""Load: raw rows."""
