"""The one form of a column's name."""

import unicodedata
from typing import Any

LONGEST_COMPOSED = 1_000
"""Longer text stays as it was typed: composing takes quadratic time for text that was made to take it."""


def composed(name: str) -> str:
    """Return text with composed letters (NFC): what looks alike is alike. So are the names of columns."""
    return name if name.isascii() or len(name) > LONGEST_COMPOSED else unicodedata.normalize("NFC", name)


def composed_row(row: dict[Any, Any]) -> dict[Any, Any]:
    """Return a row under composed names; one in which two are the same stays as it is."""
    named = {composed(str(name)): value for name, value in row.items()}
    return named if len(named) == len(row) else row
