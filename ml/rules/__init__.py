"""Rules that people write: evaluation on columns, which rules are ever reached, and what rows they fit."""
