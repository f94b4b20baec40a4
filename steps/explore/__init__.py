"""Explore: the training rows on one page."""
