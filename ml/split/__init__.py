"""Which rows are test and validation rows: one file for each registered method."""
