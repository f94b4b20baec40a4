"""The one text of a category and the one reading of a date; light, the service imports it."""

from datetime import UTC, datetime

import numpy as np

from schemas.base import Scalar

_EXACT = 2.0**53


def canonical(value: Scalar) -> str:
    """Return the text under which a value is a category: 3 and 3.0 are "3", True is "True", text stays as it is."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    return str(value)


def parse_date(text: str) -> datetime:
    """Read an ISO 8601 date or time; an offset is converted to UTC and dropped. Raises ValueError."""
    timestamp = datetime.fromisoformat(text)
    if timestamp.tzinfo is None:
        return timestamp
    try:
        return timestamp.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # within a day of the calendar's ends
        return timestamp.replace(tzinfo=None)
