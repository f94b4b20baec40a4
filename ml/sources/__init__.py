"""Where raw rows come from: one file for each registered source."""
