"""Slot gate: may it go to production."""
