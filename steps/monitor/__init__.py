"""Monitor: a window of predictions against the reference."""
