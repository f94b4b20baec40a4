"""Split: the sets."""
