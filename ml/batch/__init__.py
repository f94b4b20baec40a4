"""A table of rows predicted in chunks: rows, header, rejected rows."""
