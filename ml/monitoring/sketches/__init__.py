"""Mergeable sketches of columns, kept as the bytes that Apache DataSketches documents."""
