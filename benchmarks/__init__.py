"""Measured ratios, each in one run on one machine; nothing in the test suite is timed."""
