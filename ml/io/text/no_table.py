"""Text that separators cut into equal lines and that is no table all the same: its first line may hold a secret."""

import json
import re
from collections.abc import Iterable

UNEVEN = "does not look like a table: its first lines have one cell, or differ in their number"
_NO_NAME = re.compile(r"[{}\"=<>\\]|: |:$|://|^\[|\]$")
_LOOKED_AT = 3  # lines


def is_shown(name: str) -> bool:
    """Say whether what stands in a header may be repeated in a message as a column's name."""
    return _NO_NAME.search(name) is None


def why_no_table(text: str, names: Iterable[str]) -> str:
    """Return why a text whose lines have equally many cells still looks like no table, an empty string if it does."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()][:_LOOKED_AT]
    if lines and all(map(_is_json, lines)):
        return "looks like JSON Lines, of which a table in CSV or Parquet has to be made first"
    if not all(map(is_shown, names)):
        return (
            "has a first line that looks like values or settings, not like the names of columns, and is not shown "
            "therefore; a table begins with its columns' names"
        )
    return ""


def _is_json(line: str) -> bool:
    if not line.lstrip().startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False
