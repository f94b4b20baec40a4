"""Validate: types and checks of the rows."""
