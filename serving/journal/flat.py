"""Predictions as rows of one table: what a request holds within, a column each."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from ml.predictions.codec import PROBABILITIES, REVIEW
from serving.journal.streamed import Labelled

Kind = Literal["text", "whole", "number", "boolean", "time"]
Row = dict[str, Any]
_FIXED: dict[str, Kind] = {
    "request_id": "text",
    "row": "whole",
    "time": "time",
    "version": "text",
    "needs_review": "boolean",
    "confidence": "number",
    "latency": "number",
    "share": "number",
    "trace": "text",
    "flags": "text",
    "label_time": "time",
}
_BEYOND = 1 << 1023  # the float64 of all below is finite
INPUTS, PREDICTION, LABEL = "inputs", "prediction", "label"


def moment(seconds: float | None) -> datetime | None:
    """Return a time of the journal, None where no calendar has it."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def as_json(value: Any) -> str:
    """Return a value as JSON that is text to everyone: half a sign, which Python's strings may hold, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if _is_text(text) else json.dumps(value)


def _is_text(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def flat(one: Labelled) -> Row:
    """Return a prediction as a row; what has parts of its own, but for probabilities, is JSON in one column."""
    found = one.predicted
    row: Row = {
        "request_id": found.request_id,
        "row": found.row,
        "time": moment(found.time),
        "version": found.version,
        "needs_review": bool(found.needs_review),
        "confidence": found.confidence,
        "latency": found.latency,
        "label_time": moment(one.label_time),
        LABEL: _cell(one.label),
        **one.came._asdict(),
    }
    row |= {f"{INPUTS}.{name}": _cell(value) for name, value in found.inputs.items()}
    return row | dict(_of_record(found.record))


def _of_record(record: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in record.items():
        if name == PROBABILITIES and isinstance(value, dict):
            yield from ((f"{PREDICTION}.{name}.{key}", _cell(part)) for key, part in value.items())
        elif name != REVIEW:
            yield f"{PREDICTION}.{name}", _cell(value)


def _cell(value: Any) -> Any:
    return as_json(value) if isinstance(value, dict | list) else value


def flat_rows(piece: Iterable[Labelled]) -> list[Row]:
    """Return predictions as rows."""
    return [flat(one) for one in piece]


def columns_of(pieces: Iterable[Iterable[Row]]) -> dict[str, Kind]:
    """Return the columns of all rows, and what they hold."""
    found = Columns()
    for rows in pieces:
        found.see(rows)
    return found.kinds


class Columns:
    """The columns of a table and what they hold, as its rows show; a column of several kinds holds text."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind | None] = {**_FIXED, LABEL: None}

    def see(self, rows: Iterable[Row]) -> None:
        """Take more rows into account."""
        for row in rows:
            for name, value in row.items():
                if name in _FIXED:
                    continue
                before = self._kinds.setdefault(name, None)
                if value is not None and before != "text":
                    self._kinds[name] = _wider(before, value)

    @property
    def kinds(self) -> dict[str, Kind]:
        """What each column holds: those of every prediction first, then label, inputs and what was predicted."""
        order = {name: place for place, name in enumerate(("", LABEL, INPUTS, PREDICTION))}
        names = sorted(self._kinds, key=lambda name: order.get(name.partition(".")[0], 0))
        return {name: self._kinds[name] or "text" for name in names}


def _wider(before: Kind | None, value: Any) -> Kind:
    kind: Kind = (
        "boolean"
        if isinstance(value, bool)
        else "whole"
        if isinstance(value, int) and abs(value) < 1 << 63
        else "number"
        if isinstance(value, float) or (isinstance(value, int) and abs(value) < _BEYOND)
        else "text"
    )
    if before in (None, kind):
        return kind
    return "number" if {before, kind} == {"whole", "number"} else "text"


def as_text(value: Any) -> str | None:
    """Return a cell as text: JSON of what is none, times as ISO 8601, half a sign as JSON escapes it."""
    if isinstance(value, str):
        return value if _is_text(value) else value.encode(errors="backslashreplace").decode()
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value)
