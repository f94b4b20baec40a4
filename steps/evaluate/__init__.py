"""Slot evaluate: metrics."""
