"""What the time of a window may be: its forecasts end before the calendar does, and its hour is one and no other."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from ml.forecasting.grid import later
from ml.validation.refusal import Refusal, shown
from ml.values.instants import read_instant, written_with_offset
from ml.values.text import normal
from schemas.forecast import Forecast
from schemas.frequency import parse_frequency
from schemas.signature import Input

_FIRST, _LAST = np.datetime64("0002-01-01", "us"), np.datetime64("9998-12-31", "us")
"""A year away from the calendar's ends, where no other zone can be told."""
BEYOND = "times must be of the year 2 or later, and forecasts end before 9999"


def bounds(forecast: Forecast) -> tuple[np.datetime64, np.datetime64]:
    """Return the first and the last time of an origin whose forecast lies within the calendar, datetime64[us]."""
    newest = later(_LAST, np.array([-forecast.horizon]), parse_frequency(forecast.frequency))
    return _FIRST, np.maximum(newest, _FIRST)[0]


def origins(check: Callable[[Any], Any], column: Input, forecast: Forecast) -> Callable[[Any], str | None]:
    """Return a check of the time of windows: the cell has the offset of the zone where hours and minutes have one.

    Args:
        check: Of a date.
        column: The time of the windows.
        forecast: What is made of them.
    """
    oldest, newest = (bound.astype(datetime) for bound in bounds(forecast))
    zone = forecast.zone if forecast.by_instant else None

    def origin(value: Any) -> str | None:
        cell: str | None = check(value)
        if cell is None:
            return None
        instant = None if zone is None else read_instant(normal(value), column.dates, zone)
        found = datetime.fromisoformat(cell) if instant is None else instant
        if not oldest <= found <= newest:
            raise Refusal(f"is {shown(value)}; {BEYOND}")
        return cell if instant is None or zone is None else written_with_offset(instant, zone)

    return origin
