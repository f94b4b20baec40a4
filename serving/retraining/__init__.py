"""Retraining: the labelled rows of a journal, and the table of what retraining was done for."""
