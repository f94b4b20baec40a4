"""Checks of the data: expectations, the whole table, leakage, the three sets."""
