"""Backtests as a fan: what came, what was forecast from several origins, and the intervals about it."""

from dataclasses import replace
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ml.predictions.predictor import Outlook, Predictions
from ml.reports.chart import Axis, Chart
from ml.reports.svg import shortened
from schemas.data import Problem

SERIES = 3
"""Series that are drawn: the largest, the middle one and the smallest."""
_ORIGINS, _NEWEST = 6, 90
"""Origins that are drawn: spread over all, and of single steps the newest."""
_YEARS, _DAYS = 2, 4
"""From so many of them on, times are drawn as years, and as days."""


def fans(target: NDArray[np.float64], predictions: Predictions, problem: Problem) -> dict[str, Markup]:
    """Return a picture for each series that is drawn, by title.

    Args:
        target: What came, (n, H).
        predictions: Forecasts of the same rows, with their outlook.
        problem: For the axis.
    """
    if predictions.outlook is None or predictions.values is None:
        return {}
    names = _names(predictions.outlook, len(target))
    label = problem.target + (f" [{problem.unit}]" if problem.unit else "")
    return {
        f"Backtests{': ' + name if name else ''}": _fan(np.flatnonzero(names == name), target, predictions, label)
        for name in _drawn(names, target)
    }


def _names(outlook: Outlook, rows: int) -> NDArray[np.str_]:
    return np.array(outlook.series if outlook.series is not None else [""] * rows, dtype=np.str_)


def _drawn(names: NDArray[np.str_], target: NDArray[np.float64]) -> list[str]:
    """Return the series of the largest, the middle and the smallest mean."""
    every = np.unique(names)
    means = [float(np.nanmean(target[names == name])) for name in every]
    order = every[np.argsort(means)[::-1]]
    places = np.unique(np.linspace(0, len(order) - 1, min(SERIES, len(order))).round().astype(int))
    return [str(order[place]) for place in places]


def _fan(rows: NDArray[np.int64], target: NDArray[np.float64], predictions: Predictions, label: str) -> Markup:
    assert predictions.outlook is not None and predictions.values is not None, "checked before"
    rows = rows[np.argsort(predictions.outlook.times[rows, 0], kind="stable")]
    if predictions.values.shape[1] == 1:
        rows = rows[-_NEWEST:]
    else:
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(_ORIGINS, len(rows))).round().astype(int))]
    times, axis = _axis(predictions.outlook.wall, rows)
    ends = [one[rows] for one in (predictions.lower, predictions.upper) if one is not None]
    shown = np.concatenate([target[rows].ravel(), predictions.values[rows].ravel(), *(one.ravel() for one in ends)])
    keys = [("curve", "what came"), ("other", f"forecast from {len(rows)} origins")]
    chart = Chart(
        "Backtests",
        axis,
        Axis.around(shortened(label, 200), shown[np.isfinite(shown)].tolist()),
        [*keys, ("guide", "ends of the prediction interval")] if ends else keys,
    )
    for drawn in [[row] for row in rows.tolist()] if times.shape[1] > 1 else [rows.tolist()]:
        for name, column in (("guide", predictions.lower), ("guide", predictions.upper), ("other", predictions.values)):
            if column is not None:
                chart.line(name, zip(times[drawn].ravel().tolist(), column[drawn].ravel().tolist(), strict=True))
    chart.line("curve", _what_came(times[rows], target[rows]))
    return chart.markup()


def _what_came(times: NDArray[np.float64], target: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return every measured point once, in order."""
    known = ~np.isnan(target)
    points = dict(zip(times[known].tolist(), target[known].tolist(), strict=True))
    return sorted(points.items())


def _axis(times: NDArray[Any], rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], Axis]:
    """Return times as places on an axis, (n, H), and the axis: years, or days or hours from the first that is drawn."""
    first, last = times[rows].min(), times[rows].max()
    days = (last - first).astype(np.int64) / 86_400e6
    if days > _YEARS * 366:
        places = 1970 + (times - np.datetime64(0, "us")).astype(np.int64) / (365.2425 * 86_400e6)
        axis = Axis.around("year", places[rows].ravel().tolist(), whole=True)
        return places, replace(axis, years=True)
    name, length = ("days", 86_400e6) if days > _DAYS else ("hours", 3600e6)
    places = (times - first).astype(np.int64) / length
    since = np.datetime_as_string(first, unit="D" if name == "days" else "m")
    return places, Axis.around(f"{name} from {since}", places[rows].ravel().tolist())
