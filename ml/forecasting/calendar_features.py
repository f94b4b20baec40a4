"""What the calendar says of a timestamp: parts as points on a circle, years, its place in the yearly or daily course.

Light: NumPy only.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.grid import Timestamps
from schemas.forecast import CalendarPart
from schemas.frequency import Frequency, Unit

_Share = Callable[[Timestamps], NDArray[np.float64]]


def _year(wall: Timestamps) -> NDArray[np.float64]:
    years = wall.astype("datetime64[Y]")
    begin = years.astype("datetime64[us]")
    length = (years + np.timedelta64(1, "Y")).astype("datetime64[us]") - begin
    return np.asarray((wall - begin).astype(np.int64) / length.astype(np.int64))


def _month(wall: Timestamps) -> NDArray[np.float64]:
    return np.asarray(wall.astype("datetime64[M]").astype(np.int64) % 12 / 12)


def _day(wall: Timestamps) -> NDArray[np.float64]:
    return np.asarray((wall - wall.astype("datetime64[D]").astype("datetime64[us]")).astype(np.int64) / 86_400e6)


def _week(wall: Timestamps) -> NDArray[np.float64]:
    # The first of January 1970 was a Thursday, weekday 3.
    return np.asarray((wall.astype("datetime64[D]").astype(np.int64) + 3) % 7 / 7)


def _day_of_month(wall: Timestamps) -> NDArray[np.float64]:
    month = wall.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((wall.astype("datetime64[D]") - month).astype(np.int64) / 31)


def _years(wall: Timestamps) -> NDArray[np.float64]:
    return np.asarray((wall.astype("datetime64[Y]").astype(np.int64) - 30) / 10)


def _time(wall: Timestamps) -> NDArray[np.float64]:
    return np.asarray((wall - np.datetime64("2000-01-01", "us")).astype(np.int64) / (3652.5 * 86_400e6))


_CIRCLES: dict[CalendarPart, _Share] = {
    "month": _month,
    "weekday": _week,
    "day": _day_of_month,
    "hour": _day,
    "day_of_year": _year,
}
_NUMBERS: dict[CalendarPart, _Share] = {"year": _years, "days_since_start": _time}
"""Both in tens of years from 2000 on."""
_OF: dict[Unit, tuple[CalendarPart, ...]] = {
    "minute": ("hour", "weekday", "day_of_year"),
    "hour": ("hour", "weekday", "day_of_year"),
    "day": ("weekday", "day_of_year"),
    "week": ("day_of_year",),
    "month": ("month",),
    "quarter": ("month",),
    "year": (),
}
_COURSES: dict[Unit, tuple[_Share, int]] = {
    "minute": (_day, 24 * 4),
    "hour": (_day, 24),
    "day": (_year, 365),
    "week": (_year, 52),
    "month": (_month, 12),
    "quarter": (_month, 4),
    "year": (_month, 1),
}


def parts_of(frequency: Frequency) -> list[CalendarPart]:
    """Return the parts of timestamps that matter at a frequency: the hour means nothing to daily values."""
    return list(_OF[frequency.unit])


def calendar_names(parts: Sequence[CalendarPart]) -> list[str]:
    """Return the names of the features that `calendar` gives."""
    names = ([f"{part}.sine", f"{part}.cosine"] if part in _CIRCLES else [str(part)] for part in parts)
    return [name for pair in names for name in pair]


def calendar(
    wall: Timestamps, parts: Sequence[CalendarPart], until: np.datetime64 | None = None
) -> NDArray[np.float64]:
    """Return parts of timestamps, the last axis being the features: what comes round as sine and cosine.

    Args:
        wall: datetime64[us] by the clocks of the place, of any shape.
        parts: Which; the year and the time since 2000 are in tens of years.
        until: From here on those two stand still: of years that it never saw a model knows nothing.
    """
    grown = wall if until is None else np.minimum(wall, until)
    found: list[NDArray[np.float64]] = []
    for part in parts:
        if part in _NUMBERS:
            found.append(_NUMBERS[part](grown))
        else:
            angle = 2 * np.pi * _CIRCLES[part](wall)
            found += [np.sin(angle), np.cos(angle)]
    return np.stack(found, axis=-1) if found else np.empty((*wall.shape, 0))


def positions(frequency: Frequency) -> int:
    """Return how many places the course has that `position` gives."""
    return _COURSES[frequency.unit][1]


def position(wall: Timestamps, frequency: Frequency) -> NDArray[np.int64]:
    """Return where in the course of the year (of the day, for hours and minutes) timestamps are, from 0; same shape."""
    share, count = _COURSES[frequency.unit]
    found = np.floor(share(wall) * count + 1e-9).astype(np.int64)
    return np.minimum(found, count - 1)
