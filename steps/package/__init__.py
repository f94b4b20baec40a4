"""Slot package: the model package and its registration."""
