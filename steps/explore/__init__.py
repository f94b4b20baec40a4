"""Slot explore: a look at the training rows."""
