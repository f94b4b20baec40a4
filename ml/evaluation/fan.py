"""Backtests as a fan: what came, what was forecast from several origins, and the intervals about it."""

from datetime import datetime

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ml.predictions.predictor import Outlook, Predictions
from ml.reports.chart import Axis, Chart
from ml.reports.svg import shortened
from schemas.data import Problem

SERIES = 3
"""Series that are drawn: the largest, the middle one and the smallest."""
_ORIGINS = 6


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
    times = _years(predictions.outlook.times)
    rows = rows[np.argsort(times[rows, 0], kind="stable")]
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(_ORIGINS, len(rows))).round().astype(int))]
    ends = [one[rows] for one in (predictions.lower, predictions.upper) if one is not None]
    shown = np.concatenate([target[rows].ravel(), predictions.values[rows].ravel(), *(one.ravel() for one in ends)])
    keys = [("curve", "what came"), ("other", f"forecast from {len(rows)} origins")]
    chart = Chart(
        "Backtests",
        Axis.around("year", times[rows].ravel().tolist()),
        Axis.around(shortened(label, 200), shown[np.isfinite(shown)].tolist()),
        [*keys, ("guide", "ends of the prediction interval")] if ends else keys,
    )
    for row in rows:
        for end in (predictions.lower, predictions.upper):
            if end is not None:
                chart.line("guide", zip(times[row].tolist(), end[row].tolist(), strict=True))
        chart.line("other", zip(times[row].tolist(), predictions.values[row].tolist(), strict=True))
        if times.shape[1] == 1:
            chart.dots("other", [(float(times[row, 0]), float(predictions.values[row, 0]))])
    chart.line("curve", _what_came(times[rows], target[rows]))
    return chart.markup()


def _what_came(times: NDArray[np.float64], target: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return every measured point once, in order."""
    known = ~np.isnan(target)
    points = dict(zip(times[known].tolist(), target[known].tolist(), strict=True))
    return sorted(points.items())


def _years(times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    epoch = np.datetime64(datetime(1970, 1, 1), "us")
    return np.asarray(1970 + (times - epoch).astype(np.int64) / (365.2425 * 86_400e6))
