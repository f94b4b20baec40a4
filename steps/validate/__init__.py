"""Slot validate: types and checks of the rows."""
