"""Free text: normalised, cut into words, counted, and summarised. NumPy and the standard library only."""
