"""Slot load: raw rows."""
