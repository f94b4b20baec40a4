"""Generators of example data, and the demonstration that `make demo` runs."""
