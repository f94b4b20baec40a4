"""Columns that are looked up by a key before the model is asked: from a database or an address of the web."""
