"""Slot monitor: a window of predictions against the reference."""
