"""Metrics by task with bootstrap intervals.

Every metric is a function of row weights: all ones give the metric itself, the counts of a bootstrap resample give the
metric of that resample. So both come from the same lines, and 300 resamples cost a few matrix products.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.classification import metrics_of_classes
from ml.evaluation.forecast import metrics_of_forecasts
from ml.evaluation.regression import Floats, Metric, metrics_of_values
from ml.predictions.predictor import Predictions
from ml.values.counted import counted
from schemas.base import Task
from schemas.evaluation import Scores
from schemas.metrics import NEED_PROBABILITIES

# Why a metric can be None although what it needs of the model is there.
_UNDEFINED = {
    "balanced_accuracy": "it needs at least one row",
    "f1": "it needs at least one row of the second class, real or predicted",
    "coverage": "it is measured of models without probabilities, which may abstain",
    "answered_accuracy": "it is measured of models without probabilities, on the rows they predict",
    "roc_auc": "it needs rows of every class",
    "r2": "it needs targets that differ",
    "mean_absolute_percentage_error": "it needs targets that are not 0",
    "mean_absolute_scaled_error": "it needs histories that change",
    "mean_pinball_loss": "it needs prediction intervals, and the backtests were too few for some",
    "interval_coverage": "it needs prediction intervals, and the backtests were too few for some",
}
_UNMEASURED = {
    "mean_absolute_scaled_error": "the predictions do not say how wrong the naive forecast was within their histories, "
    "as those of versions before did not",
}
_CELLS = 2_000_000
_FEWEST, _MOST, _ROWS_IN_ALL = 50, 300, 20_000_000


def scores(task: Task, target: NDArray[Any], predictions: Predictions) -> Scores:
    """Return every metric of the task; None where it is undefined (`why_undefined` states when).

    Args:
        task: What is predicted, which decides the metrics.
        target: Class positions int64 (n,), -1 for a class that training did not see, or values float64 (n,).
        predictions: The model's predictions for the same rows.
    """
    if not len(target):
        return dict.fromkeys(_metrics(task, target, predictions))
    ones = np.ones((1, len(target)))
    values = {name: float(metric(ones)[0]) for name, metric in _metrics(task, target, predictions).items()}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def intervals(
    task: Task, target: NDArray[Any], predictions: Predictions, *, seed: int, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Return a bootstrap percentile interval for every metric that is defined on these rows and on most resamples.

    Up to 300 resamples are drawn; fewer (at least 50) where the rows are many and the interval is narrow anyway.

    Source:
        B. Efron and R. Tibshirani, An Introduction to the Bootstrap, Chapman and Hall 1993, chapter 13.
    """
    rows = len(target)
    if rows < 2:
        return {}
    draw = np.random.default_rng(seed)
    count = int(np.clip(_ROWS_IN_ALL // rows, _FEWEST, _MOST))
    batch = max(1, _CELLS // rows)
    defined = [name for name, value in scores(task, target, predictions).items() if value is not None]
    metrics = {name: metric for name, metric in _metrics(task, target, predictions).items() if name in defined}
    drawn: dict[str, list[Floats]] = {name: [] for name in metrics}
    for start in counted(range(0, count, batch), "drawing resamples: batch"):
        weights = _resample(draw, min(batch, count - start), rows)
        for name, metric in metrics.items():
            drawn[name].append(metric(weights))
    return _percentiles({name: np.concatenate(parts) for name, parts in drawn.items()}, level)


def metric_of(name: str, task: Task, target: NDArray[Any], predictions: Predictions) -> Metric:
    """Return one metric of the task as a function of row weights; the arguments are those of `scores`."""
    return _metrics(task, target, predictions)[name]


def why_undefined(metric: str, found: Mapping[str, float | None]) -> str:
    """Say for a person why `metric` is None, or has no interval, among the scores `found` of all metrics."""
    if metric in NEED_PROBABILITIES and "coverage" in found:  # which is measured only where there are none
        return "it needs probabilities"
    if metric not in found and metric in _UNMEASURED:
        return _UNMEASURED[metric]
    return _UNDEFINED.get(metric, "its value is not finite" if metric in found else "it was not measured")


def _metrics(task: Task, target: NDArray[Any], predictions: Predictions) -> dict[str, Metric]:
    if task == "forecast":
        return metrics_of_forecasts(target.astype(np.float64), predictions, predictions.level)
    if task == "regression":
        assert predictions.values is not None, "a regression model predicts values"
        return metrics_of_values(target.astype(np.float64), predictions.values)
    assert predictions.codes is not None, "a classifier predicts classes"
    return metrics_of_classes(task, target.astype(np.int64), predictions.codes, predictions.probabilities)


def _resample(draw: np.random.Generator, count: int, rows: int) -> Floats:
    chosen = draw.integers(0, rows, size=(count, rows)) + np.arange(count)[:, None] * rows
    return np.bincount(chosen.ravel(), minlength=count * rows).reshape(count, rows).astype(np.float64)


def _percentiles(drawn: dict[str, Floats], level: float) -> dict[str, tuple[float, float]]:
    tails = [50 * (1 - level), 50 * (1 + level)]
    found: dict[str, tuple[float, float]] = {}
    for name, values in drawn.items():
        finite = values[np.isfinite(values)]
        if len(finite) > len(values) / 2:
            low, high = np.percentile(finite, tails)
            found[name] = (float(low), float(high))
    return found
