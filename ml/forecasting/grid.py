"""Timestamps as places on the grid of a frequency, and back.

A place is a whole number: the point after it has the next one, whatever the months' lengths. Light: NumPy only.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.frequency import Frequency, Unit

Timestamps = NDArray[Any]
"""datetime64, mostly of microseconds."""
Places = NDArray[np.int64]

_SPANS: dict[Unit, int] = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_MONTHS: dict[Unit, int] = {"month": 1, "quarter": 3, "year": 12}
_MICROSECONDS = 1_000_000
_LAST_DAY = 31


def is_of_calendar(frequency: Frequency) -> bool:
    """Whether points are months, quarters or years apart, which have no fixed length."""
    return frequency.unit in _MONTHS


def places(timestamps: Timestamps, frequency: Frequency, origin: np.datetime64, early: int = 0) -> Places:
    """Return the place of every timestamp, (n,): that of `origin` is 0, earlier ones are negative.

    Args:
        timestamps: datetime64, (n,); none is missing.
        frequency: Of the grid.
        origin: A timestamp on the grid. For minutes to weeks the periods begin at its time of day (and weekday);
            months, quarters and years are those of the calendar.
        early: From how many microseconds before a point on a timestamp belongs to it; months, quarters and years begin
            when they do.
    """
    if is_of_calendar(frequency):
        step = _MONTHS[frequency.unit]
        months = timestamps.astype("datetime64[M]").astype(np.int64) // step
        return np.asarray(months - int(origin.astype("datetime64[M]").astype(np.int64)) // step, dtype=np.int64)
    passed = timestamps.astype("datetime64[us]") - origin.astype("datetime64[us]")
    return np.asarray((passed.astype(np.int64) + early) // span(frequency), dtype=np.int64)


def span(frequency: Frequency) -> int:
    """Return the microseconds between two points of minutes to weeks."""
    return _SPANS[frequency.unit] * frequency.every * _MICROSECONDS


def later(
    timestamps: Timestamps | np.datetime64, steps: NDArray[np.int64], frequency: Frequency, day: int | None = None
) -> Timestamps:
    """Return the timestamps so many points later, datetime64[us]; the arrays are broadcast against each other.

    Args:
        timestamps: On the grid.
        steps: How many points; negative ones lead back.
        frequency: Of the grid.
        day: Day of the month that points of months, quarters and years have; in a month that lacks it they have its
            last. None: the day of each timestamp, the last of a month being the last of the others.
    """
    start = timestamps.astype("datetime64[us]")
    if not is_of_calendar(frequency):
        return np.asarray(start + (steps * span(frequency)).astype("timedelta64[us]"))
    days = start.astype("datetime64[D]")
    target = start.astype("datetime64[M]") + (steps * _MONTHS[frequency.unit]).astype("timedelta64[M]")
    own = np.minimum(grid_days(start) if day is None else day, _length(target)) - 1
    clock = start - days.astype("datetime64[us]")
    return np.asarray((target.astype("datetime64[D]") + own.astype("timedelta64[D]")).astype("datetime64[us]") + clock)


def day_of_month(timestamps: Timestamps | np.datetime64) -> NDArray[np.int64]:
    """Return the days of the month, from 1, in the same shape."""
    month = timestamps.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((timestamps.astype("datetime64[D]") - month).astype(np.int64) + 1)


def grid_days(timestamps: Timestamps | np.datetime64) -> NDArray[np.int64]:
    """Return the days of the month, from 1, in the same shape; the last one of any month is 31."""
    day = day_of_month(timestamps)
    return np.where(day == _length(timestamps.astype("datetime64[M]")), _LAST_DAY, day)


def _length(month: Timestamps) -> NDArray[np.int64]:
    following = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
    return np.asarray((following - month.astype("datetime64[D]")).astype(np.int64))
