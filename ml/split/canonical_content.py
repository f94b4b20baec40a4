"""What a single value means, whatever it is written as: a number, a timestamp, a text, or nothing."""

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.values.tensor import Tensor

_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?)", re.IGNORECASE)
# Every version of Python reads all of these alike; a year alone, or a year and a month, name no day.
_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T]((?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?)?", re.ASCII
)
_BOOLEANS = {"true": 1.0, "false": 0.0}
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


class CanonicalTime(int):
    """Microseconds since 1970 in UTC; what has no zone counts as UTC."""


def content(value: object) -> float | CanonicalTime | str | None:
    """Return what a value means: True and "true" are 1.0; text in ISO 8601 is its timestamp; "" is None."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, date):
        return _timestamp(value)
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, Tensor):
        return value.digest
    text = str(value).strip()
    if isinstance(value, int | float | np.number) or _NUMBER.fullmatch(text):
        return float(text)
    if text[4:5] == "-" and (found := _TIMESTAMP.fullmatch(text)):
        timestamp = _read(*found.groups())
        return text if timestamp is None else timestamp
    return _BOOLEANS.get(text.lower(), text) if text else None


def timestamps_of(column: pd.Series) -> NDArray[np.int64]:
    """Return microseconds since 1970 of a column of timestamps, (rows,); missing ones are any number."""
    if column.dt.tz is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column.to_numpy(dtype="datetime64[us]").view(np.int64)


def _timestamp(value: date) -> CanonicalTime | str:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        try:
            value = value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:  # a zone that leads out of the years 1 to 9999
            return value.isoformat()
    if isinstance(value, pd.Timestamp):  # nanoseconds are cut off, as in a column
        return CanonicalTime(value.to_datetime64().astype("datetime64[us]").astype(np.int64))
    return CanonicalTime((value - _EPOCH) // _MICROSECOND)


def _read(day: str, clock: str | None, zone: str | None) -> CanonicalTime | str | None:
    """Return the timestamp that a text means, None for one that there is not, such as February 30."""
    try:
        timestamp = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone or ''}")
    except ValueError:
        return None
    return _timestamp(timestamp)
