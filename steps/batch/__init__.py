"""Batch inference: a table of rows, predicted."""
