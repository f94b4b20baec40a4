"""Text files: encoding, number formats, types, cells as they stand."""
