"""Features: raw rows to one float matrix."""
