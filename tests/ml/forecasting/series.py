"""Series that the tests of forecasting share."""

import numpy as np

from ml.forecasting.grid import later
from ml.forecasting.panel import Panel, make_panel, place_rows
from schemas.frequency import Frequency

MONTH = Frequency("month")


def panel(values, frequency=MONTH, start="2010-01", zone=None, names=None) -> Panel:
    """Return series that begin at once, one for each row of `values`."""
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    times = later(np.datetime64(start, "us"), np.arange(table.shape[1]), frequency)
    wall = np.tile(times, len(table))
    series = np.repeat(np.arange(len(table)), table.shape[1])
    placed, origin = place_rows(series, wall, table.ravel(), frequency, zone)
    named = names or [f"s{one}" for one in range(len(table))]
    return make_panel(named, placed, table.ravel(), frequency, origin, zone)


def seasonal(points=120, season=12, seed=3):
    """Return a series with a trend, a season and noise."""
    draw = np.random.default_rng(seed)
    at = np.arange(points)
    return 100 + 0.3 * at + 10 * np.sin(2 * np.pi * at / season) + draw.normal(0, 1, points)
