"""This program's own source: what a module reaches, and a digest of its code."""
