"""Arrow tables to frames and back."""
