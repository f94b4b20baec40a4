"""Slot features: raw rows to one float matrix."""
