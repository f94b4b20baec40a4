"""What a table is when nothing is declared: column types and the task."""
