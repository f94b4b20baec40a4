"""Gate: may it go to production."""
