"""Slot split: the sets."""
