"""Databases through SQLAlchemy: URL, engine, and errors that a person can act on."""
