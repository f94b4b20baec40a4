"""Evaluate: metrics."""
