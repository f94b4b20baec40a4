"""Whether a row that SQLite could read holds what its columns do: of a damaged page it may be any bytes."""

import json
from typing import Any

from serving.journal.exploded import by_place
from serving.journal.inputs import Kept, rows_of

_JSON = {"inputs", "answer", "answers", "label"}
_BYTES = {"numbers"}
_NUMBERS = {"id", "sequence"}  # what rows are counted by
Row = tuple[Any, ...]


def decoded(columns: list[str], row: Row) -> Row | None:
    """Return a row with its bytes as text where its columns hold text, None where they are none."""
    try:
        return tuple(
            value.decode() if isinstance(value, bytes) and name not in _BYTES else value
            for name, value in zip(columns, row, strict=True)
        )
    except UnicodeDecodeError:
        return None


def is_sound(columns: list[str], row: Row) -> bool:
    """Say whether values are what their columns hold: of a damaged page, bytes may be read that never were a row."""
    for name, value in zip(columns, row, strict=True):
        if name in _NUMBERS and not isinstance(value, int):
            return False
        if name == "time" and not isinstance(value, float):
            return False
        if name in _JSON:
            try:
                json.loads(value)
            except (TypeError, ValueError):
                return False
    return "numbers" not in columns or _is_request(dict(zip(columns, row, strict=True)))


def _is_request(row: dict[str, Any]) -> bool:
    """Say whether a request has as many rows of inputs, places and answers as it says."""
    try:
        answers = by_place(row["rows"], row["places"], row["answers"])
        return len(rows_of(Kept(row["inputs"], row["numbers"]))) == len(answers)
    except (TypeError, ValueError):
        return False
