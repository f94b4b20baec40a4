"""Metrics of forecasts as functions of row weights, shape (resamples, rows) to (resamples,); NaN where undefined.

A row is an origin of a series; every step of it that was measured counts alike.
"""

import numpy as np

from ml.evaluation.regression import Floats, Metric
from ml.forecasting.metrics import covered, pinball_losses, scaled_errors, symmetric_percentage_errors
from ml.predictions.predictor import Predictions


def metrics_of_forecasts(target: Floats, predictions: Predictions, level: float) -> dict[str, Metric]:
    """Return the metrics of forecasts against what came, (n, H), NaN where nothing was measured.

    Args:
        target: What came.
        predictions: Values, with the ends of intervals where there are some, and the outlook.
        level: What the intervals are to cover: the pinball loss is that of both ends, the mean of the two.
    """
    values = predictions.values
    assert values is not None, "a forecast has values"
    absolute = np.abs(values - target)
    zero = target == 0
    relative = np.where(zero, np.nan, absolute / np.abs(np.where(zero, 1.0, target)))
    percentage = _mean(np.where(np.isnan(target), np.nan, relative))
    any_zero = zero.any(axis=1).astype(np.float64)
    found: dict[str, Metric] = {
        "mean_absolute_error": _mean(absolute),
        "root_mean_squared_error": lambda weights: np.sqrt(_mean(absolute**2)(weights)),
        "mean_absolute_percentage_error": lambda weights: np.where(weights @ any_zero > 0, np.nan, percentage(weights)),
        "symmetric_mean_absolute_percentage_error": _mean(symmetric_percentage_errors(target, values)),
    }
    if predictions.outlook is not None:
        found["mean_absolute_scaled_error"] = _mean(scaled_errors(target, values, predictions.outlook.naive))
    if predictions.lower is not None and predictions.upper is not None:
        low = pinball_losses(target, predictions.lower, (1 - level) / 2)
        high = pinball_losses(target, predictions.upper, (1 + level) / 2)
        found["mean_pinball_loss"] = _mean((low + high) / 2)
        found["interval_coverage"] = _mean(covered(target, predictions.lower, predictions.upper))
    return found


def _mean(per_point: Floats) -> Metric:
    """Return the weighted mean over the points that are known, as a function of the rows' weights."""
    known = ~np.isnan(per_point)
    sums, counts = np.where(known, per_point, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64)

    def mean(weights: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((weights @ sums) / (weights @ counts))

    return mean
