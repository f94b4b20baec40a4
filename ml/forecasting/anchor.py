"""Where a grid is counted from, found by the times that most rows have. Light: NumPy only."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.grid import Timestamps, grid_days, is_of_calendar, span
from schemas.frequency import Frequency, Unit

_SCATTERED = 0.8
"""Mean resultant length below which times lie anywhere in their period."""
_SECOND, _DAY = 1_000_000, 86_400_000_000
_ROUND = (_DAY, _DAY // 24, _DAY // 48, _DAY // 96, 300 * _SECOND, 60 * _SECOND, _SECOND, 1)
_BY_DAYS: tuple[Unit, ...] = ("day", "week")
_MONDAY = 4 * _DAY
"""1970 began on a Thursday."""


class Anchor(NamedTuple):
    """A point of a grid, and how many microseconds before a point what was measured belongs to it already."""

    origin: np.datetime64
    early: int = 0


def anchor(timestamps: Timestamps, frequency: Frequency) -> Anchor:
    """Return where the grid of most timestamps, (n,), n at least 1, is counted from.

    It is the earliest at the commonest time of a period: a week may begin at any weekday, a day at any hour, and months
    may be written as their last day. Where no time is that of half of them, it is the centre of their times, rounded as
    far as they are scattered. What is not on the grid belongs to the nearest point; but of days and weeks that begin at
    midnight, and of times that lie anywhere in their period, to the period that it lies in.

    Source:
        K. Mardia and P. Jupp, Directional Statistics, Wiley 2000, chapter 2: mean direction and circular deviation.
    """
    micros = timestamps.astype("datetime64[us]")
    if is_of_calendar(frequency):
        return Anchor(_commonest(micros, grid_days(micros)))
    length = span(frequency)
    phase = micros.astype(np.int64) % length
    _, counts = np.unique(phase, return_counts=True)
    if 2 * counts.max() >= len(micros):
        origin = _commonest(micros, phase)
        is_midnight = frequency.unit in _BY_DAYS and origin == origin.astype("datetime64[D]")
        return Anchor(origin, 0 if is_midnight else length // 2)
    centre, deviation = _centre(phase, length)
    first = int(micros.min().astype(np.int64))
    if deviation is None:
        start = _MONDAY if frequency.unit == "week" else 0
        return Anchor(np.datetime64(first - (first - start) % length, "us"))
    near = centre + length * round((first - centre) / length)
    return Anchor(np.datetime64(near, "us"), length // 2)


def month_day(timestamps: Timestamps, frequency: Frequency) -> int | None:
    """Return the day of the month that points of months, quarters and years have, 31 the last; None of others."""
    if not is_of_calendar(frequency):
        return None
    days = grid_days(timestamps)
    return int(days[np.flatnonzero(timestamps == _commonest(timestamps, days))[0]])


def _commonest(micros: Timestamps, phase: NDArray[np.int64]) -> np.datetime64:
    values, counts = np.unique(phase, return_counts=True)
    found: np.datetime64 = micros[phase == values[counts.argmax()]].min()
    return found


def _centre(phase: NDArray[np.int64], length: int) -> tuple[int, float | None]:
    """Return the mean time of a period, rounded, and the deviation from it in microseconds; None: they lie anywhere."""
    mean = np.exp(2j * np.pi * phase / length).mean()
    if abs(mean) < _SCATTERED:
        return 0, None
    deviation = float(np.sqrt(-2 * np.log(min(abs(mean), 1.0))) * length / (2 * np.pi))
    exact = float(np.angle(mean)) / (2 * np.pi) * length
    rounded = (round(exact / step) * step for step in _ROUND if step <= length)
    return next(one for one in rounded if abs(one - exact) <= max(deviation, 1.0)), deviation
