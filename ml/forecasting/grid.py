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


def places(timestamps: Timestamps, frequency: Frequency, origin: np.datetime64) -> Places:
    """Return the place of every timestamp, (n,): that of `origin` is 0, earlier ones are negative.

    Args:
        timestamps: datetime64, (n,); none is missing.
        frequency: Of the grid.
        origin: A timestamp on the grid. For minutes to weeks the periods begin at its time of day (and weekday);
            months, quarters and years are those of the calendar.
    """
    if frequency.unit in _MONTHS:
        step = _MONTHS[frequency.unit]
        months = timestamps.astype("datetime64[M]").astype(np.int64) // step
        return np.asarray(months - int(origin.astype("datetime64[M]").astype(np.int64)) // step, dtype=np.int64)
    passed = timestamps.astype("datetime64[us]") - origin.astype("datetime64[us]")
    return np.asarray(passed.astype(np.int64) // span(frequency), dtype=np.int64)


def span(frequency: Frequency) -> int:
    """Return the microseconds between two points of minutes to weeks."""
    return _SPANS[frequency.unit] * frequency.every * _MICROSECONDS


def later(timestamps: Timestamps | np.datetime64, steps: NDArray[np.int64], frequency: Frequency) -> Timestamps:
    """Return the timestamps so many points later, datetime64[us]; the arrays are broadcast against each other.

    A day of the month that the later month lacks becomes its last one, and the last day of a month stays the last.
    """
    start = timestamps.astype("datetime64[us]")
    if frequency.unit not in _MONTHS:
        return np.asarray(start + (steps * span(frequency)).astype("timedelta64[us]"))
    month = start.astype("datetime64[M]")
    days = start.astype("datetime64[D]")
    day = (days - month.astype("datetime64[D]")).astype(np.int64)
    target = month + (steps * _MONTHS[frequency.unit]).astype("timedelta64[M]")
    lengths = _length(target)
    kept = np.where(day == _length(month) - 1, lengths - 1, np.minimum(day, lengths - 1))
    clock = start - days.astype("datetime64[us]")
    return np.asarray((target.astype("datetime64[D]") + kept.astype("timedelta64[D]")).astype("datetime64[us]") + clock)


def _length(month: Timestamps) -> NDArray[np.int64]:
    following = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
    return np.asarray((following - month.astype("datetime64[D]")).astype(np.int64))


def anchor(timestamps: Timestamps, frequency: Frequency) -> np.datetime64:
    """Return the timestamp that the grid is counted from: the earliest of those at the commonest time of a period.

    So a week may begin at any weekday, a day at any hour, and months may be written as their last day.
    """
    micros = timestamps.astype("datetime64[us]")
    if frequency.unit in _MONTHS:
        month = micros.astype("datetime64[M]")
        day = (micros.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
        phase = np.where(day == _length(month) - 1, -1, day)
    else:
        phase = micros.astype(np.int64) % span(frequency)
    values, counts = np.unique(phase, return_counts=True)
    found: np.datetime64 = micros[phase == values[counts.argmax()]].min()
    return found
