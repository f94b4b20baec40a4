"""The frequency that the rows of series have, found by the distances between their timestamps."""

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.grid import Timestamps
from schemas.frequency import Frequency, Unit

_DAY = 86_400
_FIXED: tuple[tuple[Unit, int], ...] = (("week", 7 * _DAY), ("day", _DAY), ("hour", 3600), ("minute", 60))
_CALENDAR: tuple[tuple[Unit, int, int], ...] = (("month", 28, 31), ("quarter", 89, 93), ("year", 365, 366))
"""Unit, fewest and most days from one point to the next."""
_MOST_OF = 0.5


def infer_frequency(series: NDArray[np.int64], timestamps: Timestamps) -> Frequency | None:
    """Return the frequency by which most neighbouring timestamps of a series follow each other.

    The commonest distance decides, so gaps do not matter while they are the exception.

    Args:
        series: Which series each row belongs to, (n,).
        timestamps: datetime64, (n,), in any order.

    Returns:
        None where no distance is that of more than half of the neighbours, or it is of no unit: 30 seconds, 45 days.
    """
    seconds = timestamps.astype("datetime64[s]").astype(np.int64)
    order = np.lexsort((seconds, series))
    steps = np.diff(seconds[order])[np.diff(series[order]) == 0]
    steps = steps[steps > 0]
    if not len(steps):
        return None
    for unit, low, high in _CALENDAR:
        if ((steps >= low * _DAY - 3700) & (steps <= high * _DAY + 3700)).mean() > _MOST_OF:
            return Frequency(unit)
    values, counts = np.unique(steps, return_counts=True)
    commonest = int(values[counts.argmax()])
    return _fixed(commonest) if counts.max() > _MOST_OF * len(steps) else None


def _fixed(seconds: int) -> Frequency | None:
    for unit, length in _FIXED:
        every, rest = divmod(seconds, length)
        if not rest and every and (every == 1 or unit != "week"):
            return Frequency(unit, every)
    return None
