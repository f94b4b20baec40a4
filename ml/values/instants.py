"""Instants as text in ISO 8601 with the UTC offset of a place, and back. Light: the service imports it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ml.values.text import read_timestamp
from schemas.reading import Dates


def to_instant(moment: datetime, zone: str) -> datetime:
    """Return a time with an offset, or one by the clocks of a zone, as naive Universal Time.

    Of a wall time that comes twice the earlier one is meant. Near the calendar's ends the time stays as it is.
    """
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))
    try:
        return aware.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return moment.replace(tzinfo=None)


def read_instant(text: str, dates: Dates, zone: str) -> datetime | None:
    """Return when trimmed text is, as naive Universal Time; None where it writes no time.

    Args:
        text: With an offset, or by the clocks of `zone`.
        dates: How its date is written.
        zone: Name in the IANA database.
    """
    found = read_timestamp(text, dates._replace(zone="UTC"))
    if found is None:
        return None
    moment, has_offset = found
    return moment if has_offset else to_instant(moment, zone)


def written_with_offset(instant: datetime, zone: str) -> str:
    """Return naive Universal Time as ISO 8601 by the clocks of a zone, with their offset."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).isoformat()


def written_with_offsets(instants: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return Universal Time, datetime64, as ISO 8601 by clocks that are so many seconds ahead, in the same shape."""
    wall = instants.astype("datetime64[us]") + offsets.astype("timedelta64[s]")
    whole = bool((wall == wall.astype("datetime64[s]")).all())
    distinct, where = np.unique(offsets, return_inverse=True)
    ends = np.array([_offset(one) for one in distinct.tolist()], dtype=np.str_)
    texts = np.datetime_as_string(wall, unit="s" if whole else "us")
    return np.asarray(np.char.add(texts, ends[where].reshape(texts.shape)))


def _offset(seconds: int) -> str:
    minutes, rest = divmod(abs(seconds), 60)
    text = f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{rest:02}" if rest else text
