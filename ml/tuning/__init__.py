"""Candidates compared: how they are ranked, and the picture of it."""
