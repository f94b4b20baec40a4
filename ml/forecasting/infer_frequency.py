"""The frequency that the rows of series have, found by the distances between their timestamps."""

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.grid import Timestamps, day_of_month, grid_days
from schemas.frequency import Frequency, Unit, normal

_DAY, _HOUR = 86_400, 3_700
_CALENDAR: tuple[tuple[Unit, int, int], ...] = (("month", 28, 31), ("quarter", 89, 93), ("year", 365, 366))
"""Unit, fewest and most days from one point to the next."""
_MOST_OF = 0.5
_CONSTANT = 0.75
"""Months are of 31 days in 7 of 12: more of one length, on other days of the month, are no months."""


def infer_frequency(series: NDArray[np.int64], timestamps: Timestamps) -> Frequency | None:
    """Return the frequency by which most neighbouring timestamps of a series follow each other.

    The commonest distance decides, so gaps do not matter while they are the exception. Every 28 days is no month.

    Args:
        series: Which series each row belongs to, (n,).
        timestamps: datetime64, (n,), in any order.

    Returns:
        None where no distance is that of more than half of the neighbours, or it is of no unit: 30 seconds, 45 days.
    """
    seconds = timestamps.astype("datetime64[s]").astype(np.int64)
    order = np.lexsort((seconds, series))
    ordered = seconds[order]
    after = 1 + np.flatnonzero((np.diff(series[order]) == 0) & (np.diff(ordered) > 0))
    if not len(after):
        return None
    ends = ordered[after]
    steps = ends - ordered[after - 1]
    for unit, low, high in _CALENDAR:
        near = (steps >= low * _DAY - _HOUR) & (steps <= high * _DAY + _HOUR)
        if near.mean() > _MOST_OF and not _is_constant(ends[near], steps[near]):
            return Frequency(unit)
    values, counts = np.unique(steps, return_counts=True)
    commonest = int(values[counts.argmax()])
    return _fixed(commonest) if counts.max() > _MOST_OF * len(steps) else None


def _is_constant(ends: NDArray[np.int64], steps: NDArray[np.int64]) -> bool:
    """Return whether nearly all distances are of equally many days, while the day of the month wanders."""
    _, counts = np.unique((steps + _DAY // 2) // _DAY, return_counts=True)
    if counts.max() <= _CONSTANT * len(steps):
        return False
    earlier, later = ((ends - steps).astype("datetime64[s]"), ends.astype("datetime64[s]"))
    kept = (day_of_month(earlier) == day_of_month(later)) | (grid_days(earlier) == grid_days(later))
    return float(kept.mean()) <= _MOST_OF


def _fixed(seconds: int) -> Frequency | None:
    minutes, rest = divmod(seconds, 60)
    return None if rest or not minutes else normal(Frequency("minute", minutes))
