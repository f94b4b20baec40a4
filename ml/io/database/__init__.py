"""Databases through SQLAlchemy: URL, engine, and errors in a person's words."""
