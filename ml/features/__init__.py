"""Rows to features: the signature, derivations, the matrix."""
