"""Pictures of an evaluation, as inline SVG for its page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ml.evaluation.classification import calibration
from ml.evaluation.fan import fans
from ml.predictions.predictor import Predictions
from ml.reports.chart import Axis, Chart
from ml.reports.svg import WIDTH, drawing, shortened, text, width_of
from schemas.base import Scalar
from schemas.data import Problem

_SHOWN_CLASSES, _SHOWN_ROWS, _LABEL = 20, 3000, 115
_FEWEST_ROWS = 5
_SIDE = 0.2  # share of the width that the histogram of the errors takes
_CELL, _LARGEST = 25, 80
"""Of a confusion matrix: least and largest side of a cell."""
_MANY = 12  # of so many classes, cells of no row have no number
_DARKEST = 0.5  # so that ink on the darkest cell can be read on a light and on a dark page


def pictures(problem: Problem, target: NDArray[Any], predictions: Predictions) -> Mapping[str, Markup]:
    """Return the task's pictures by title: confusion matrix and calibration, or predictions and residuals."""
    if not len(target):
        return {}
    if problem.task == "forecast":
        return fans(target, predictions, problem)
    if predictions.values is not None:
        return {
            "Predicted against actual": predicted_against_actual(target, predictions.values, problem),
            "Residuals": residuals(target, predictions.values, problem),
        }
    assert predictions.codes is not None, "a prediction has codes or values"
    drawn = {"Confusion matrix": confusion_matrix(target, predictions.codes, problem.classes or [])}
    if predictions.probabilities is not None:
        drawn["Calibration"] = calibration_curve(target, predictions.codes, predictions.probabilities)
    return drawn


def confusion_matrix(target: NDArray[np.int64], codes: NDArray[np.int64], classes: Sequence[Scalar]) -> Markup:
    """Draw counts of actual (rows) by predicted (columns) class; colour is the share of the actual class.

    Of more than 20 classes the most frequent are drawn, and one called `other` for the rest and for unseen ones.
    """
    counts, labels = _confusion(target, codes, classes)
    longest = max(map(width_of, labels))
    left = 34 + longest
    side = min(_LARGEST, max(_CELL, (WIDTH - left) / len(labels)))
    slanted = longest > side
    floor, foot = side * len(labels) + 2, (longest * 0.7 if slanted else 0) + 16
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    parts = [
        _cell(int(counts[at]), float(shares[at]), left, side, *at)
        for at in np.ndindex(*counts.shape)
        if counts[at] or len(labels) <= _MANY
    ]
    for place, label in enumerate(labels):
        middle = (place + 0.5) * side
        parts.append(text(left - 6, middle + 5, label, "end"))
        across = (left + middle, floor + 13, label, "end" if slanted else "middle")
        parts.append(text(*across, turned=-45 if slanted else 0))
    parts.append(text(left + side * len(labels) / 2, floor + foot + 12, "predicted", "middle"))
    parts.append(text(12, floor / 2, "actual", "middle", turned=-90))
    width = max(WIDTH, left + side * len(labels))
    return drawing(floor + foot + 18, "Confusion matrix", parts, width)


def calibration_curve(
    target: NDArray[np.int64], codes: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> Markup:
    """Draw how often a prediction was right against how sure the model was; the size of a dot is its number of rows.

    Bins of fewer than 5 rows are left out; the lines are Jeffreys' 95 % intervals.

    Source:
        L. D. Brown, T. T. Cai, A. DasGupta, Interval Estimation for a Binomial Proportion, Statistical Science 16
        (2001).
    """
    confidence = np.take_along_axis(probabilities, np.maximum(codes, 0)[:, None], axis=1)[:, 0]
    sure, right, rows = calibration(confidence, (target == codes).astype(np.float64))
    full = rows >= _FEWEST_ROWS
    from scipy.stats import beta

    hits = np.round(right[full] * rows[full])
    ends = beta.ppf([[0.025], [0.975]], hits + 0.5, rows[full] - hits + 0.5)
    low = max(0.0, float(confidence.min()) - 0.08)
    chart = Chart(
        "Calibration",
        Axis("probability of the prediction", low, 1.03),
        Axis("share of predictions that were right", -0.03, 1.06),
        [("guide", "as sure as right"), ("points", "this model, 95 % interval (size: rows)")],
    )
    chart.line("guide", [(low, low), (1, 1)])
    for at, hit, count, *interval in zip(sure[full], right[full], rows[full], *ends, strict=True):
        chart.line("interval", [(at, end) for end in interval])
        chart.dots("points", [(at, hit)], radius=2 + 5 * float(np.sqrt(count / rows.max())))
    return chart.markup()


def predicted_against_actual(target: NDArray[np.float64], values: NDArray[np.float64], problem: Problem) -> Markup:
    """Draw predicted against actual values; on the dashed line a prediction is exact."""
    shown = _shown(len(target))
    chart = Chart(
        "Predicted against actual",
        Axis.around(_named("actual", problem), target),
        Axis.around(_named("predicted", problem), [*target, *values]),
        [("guide", "exact")],
    )
    chart.line("guide", [(end, end) for end in (np.nanmin(target), np.nanmax(target))])
    chart.dots("points", zip(target[shown], values[shown], strict=True))
    return chart.markup()


def residuals(target: NDArray[np.float64], values: NDArray[np.float64], problem: Problem) -> Markup:
    """Draw predicted minus actual against predicted values, with the errors' histogram at the side."""
    shown, missed = _shown(len(target)), values - target
    across = Axis.around(_named("predicted", problem), values)
    end = across.high + (across.high - across.low) * _SIDE / (1 - _SIDE)
    wide = Axis(across.label, across.low, end, last=across.high)
    chart = Chart("Residuals", wide, Axis.around(_named("predicted minus actual", problem), [0.0, *missed]))
    chart.line("guide", [(wide.low, 0.0), (wide.high, 0.0)])
    chart.dots("points", zip(values[shown], missed[shown], strict=True))
    # Over the whole axis: errors that hardly differ are too close together for bins of their own.
    ends = (chart.y.low, chart.y.high)
    counts, edges = np.histogram(missed[np.isfinite(missed)], bins=min(40, max(8, len(missed) // 10)), range=ends)
    chart.columns("columns", counts.tolist(), edges.tolist(), _SIDE)
    return chart.markup()


def _cell(count: int, share: float, left: float, side: float, row: int, column: int) -> Markup:
    x, y, written = left + column * side, row * side, str(count)
    size = min(11.0, (side - 2) / (len(written) * 0.6))
    cell = '<rect class="cell" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill-opacity="{:.3f}"/>'
    drawn = Markup(cell).format(x, y, side, side, share * _DARKEST)
    return drawn + text(x + side / 2, y + side / 2 + size / 3, written, "middle", size=0 if size == 11 else size)


def _confusion(
    target: NDArray[np.int64], codes: NDArray[np.int64], classes: Sequence[Scalar]
) -> tuple[NDArray[np.int64], list[str]]:
    frequent = np.argsort(-np.bincount(target[target >= 0], minlength=len(classes)), kind="stable")[:_SHOWN_CLASSES]
    kept = np.sort(frequent)
    place = np.full(len(classes) + 1, len(kept))  # the last entry is what -1 reaches: unseen or abstained
    place[kept] = np.arange(len(kept))
    rows, columns = place[target], place[codes]
    labels = [_shorten(str(classes[code])) for code in kept]
    if (rows == len(kept)).any() or (columns == len(kept)).any():
        labels.append("other")
    size = len(labels)
    return np.bincount(rows * size + columns, minlength=size * size).reshape(size, size), labels


def _shorten(label: str) -> str:
    return shortened(label, _LABEL)


def _named(what: str, problem: Problem) -> str:
    name = _shorten(problem.target)
    return f"{what}: {name} [{problem.unit}]" if problem.unit else f"{what}: {name}"


def _shown(rows: int) -> NDArray[np.int64]:
    return np.linspace(0, rows - 1, min(rows, _SHOWN_ROWS)).astype(np.int64)
