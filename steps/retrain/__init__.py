"""Retrain: labelled rows from the journal, and the comparison on recent rows."""
