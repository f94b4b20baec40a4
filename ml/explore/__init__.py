"""A first look at a table, made of its training rows alone."""
