"""The version of this program; a Bento's copy of the code has no other place for it."""

VERSION = "0.1.0"
"""As `pyproject.toml` has it."""
