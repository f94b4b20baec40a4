"""Datasets that installed packages bring: where they are, and how each is read without running what it holds."""
