"""What a table is when nobody says: column types and the task."""
