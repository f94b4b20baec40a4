"""Python values as a database driver gives them, in Arrow columns of the narrowest plain type."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from ml.io.arrow.frames import TEXT, TIMESTAMP, common_type
from ml.values.canonical import canonical

_WORDS: list[tuple[type | tuple[type, ...], str]] = [
    ((bytes, bytearray, memoryview), "bytes"),
    (dict, "JSON"),
    ((list, tuple, set), "a list"),
    (time, "a time of day"),
    (timedelta, "a duration"),
]
_NUMBER = (bool, int, float, Decimal)
_SINGLE = (*_NUMBER, str, date, UUID)
_LARGEST = 2**63


def wrong_kinds(values: Sequence[Any]) -> list[str]:
    """Return which values are not single ones that can be learnt from; empty when all are."""
    kinds = [kind for kind in set(map(type, values)) if kind is not type(None) and not issubclass(kind, _SINGLE)]
    return sorted(next((word for types, word in _WORDS if issubclass(kind, types)), kind.__name__) for kind in kinds)


def column(values: Sequence[Any]) -> pa.Array:
    """Return one chunk of a column; None is missing.

    Whole numbers beyond 64 bits name things and become text, as does what mixes text with anything else, which only
    SQLite allows.
    """
    kinds = {kind for kind in set(map(type, values)) if kind is not type(None)}
    if not kinds:
        return pa.nulls(len(values))
    if all(issubclass(kind, bool) for kind in kinds):
        return pa.array(values, pa.bool_())
    if all(issubclass(kind, int) for kind in kinds):
        return _whole(values)
    if all(issubclass(kind, _NUMBER) for kind in kinds):
        return pa.array(_each(float, values), pa.float64())
    if all(issubclass(kind, date) for kind in kinds):
        return pa.array(values if kinds == {datetime} else _each(_timestamp, values), TIMESTAMP)
    return pa.array(values if kinds == {str} else _each(_text, values), TEXT)


def stored_column(values: Sequence[Any]) -> pa.Array | None:
    """Return decimals with all digits, timestamps with their zone, days as days; None where `column` loses nothing.

    Different zones become UTC; decimals are text where they have more digits than any type holds.
    """
    kinds = {kind for kind in set(map(type, values)) if kind is not type(None)}
    if kinds == {datetime} and all(value is None or value.tzinfo is not None for value in values):
        return pa.array(values, pa.timestamp("us", "UTC"))
    if kinds == {date}:
        return pa.array(values, pa.date32())
    if kinds != {Decimal}:
        return None
    if all(value is None or value.is_finite() for value in values):
        with suppress(pa.ArrowInvalid):
            return pa.array(values)
    return pa.array(_each(str, values), TEXT)


def final_type(kinds: Iterable[pa.DataType]) -> pa.DataType:
    """Return the type of a whole column, given those of its chunks; text holds everything."""
    return common_type(kinds) or TEXT


def _whole(values: Sequence[Any]) -> pa.Array:
    if all(value is None or -_LARGEST <= value < _LARGEST for value in values):
        return pa.array(_each(int, values) if bool in set(map(type, values)) else values, pa.int64())
    return pa.array(_each(str, values), TEXT)


def _each(read: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    return [None if value is None else read(value) for value in values]


def _timestamp(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


def _text(value: Any) -> str:
    return canonical(value) if isinstance(value, bool | int | float) else str(value)
