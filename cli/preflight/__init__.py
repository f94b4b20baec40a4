"""What must be there before anything starts: files, tables, columns, secrets."""
