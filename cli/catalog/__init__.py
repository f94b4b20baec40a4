"""Everything that can be chosen here, ours and that of installed packages, and what of it does not work."""
