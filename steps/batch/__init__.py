"""Slot predict_batch: a table of rows, answered."""
