"""Regression metrics as functions of row weights, shape (resamples, rows) to (resamples,); NaN where undefined."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Metric = Callable[[Floats], Floats]
_NO_SPREAD = 1e-12


def metrics_of_values(target: Floats, values: Floats) -> dict[str, Metric]:
    """Return the metrics of predicted `values` against `target`, both (n,)."""
    absolute = np.abs(values - target)
    return {
        "mean_absolute_error": mean(absolute),
        "root_mean_squared_error": _root_mean(absolute**2),
        "r2": _r2(target, absolute**2),
        "mean_absolute_percentage_error": _percentage(target, absolute),
    }


def mean(per_row: Floats) -> Metric:
    """Return the weighted mean of a quantity per row, as a function of the weights."""
    return lambda weights: weights @ per_row / weights.sum(axis=1)


def _root_mean(squared: Floats) -> Metric:
    return lambda weights: np.sqrt(weights @ squared / weights.sum(axis=1))


def _r2(target: Floats, squared: Floats) -> Metric:
    # Centred before squaring: otherwise the sum of squares about the mean loses its digits.
    centred = target - target.mean() if len(target) else target
    negligible = _NO_SPREAD * float((target**2).max(initial=0))

    def r2(weights: Floats) -> Floats:
        rows = weights.sum(axis=1)
        spread = weights @ centred**2 - (weights @ centred) ** 2 / rows
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(spread > negligible * rows, 1 - (weights @ squared) / spread, np.nan)

    return r2


def _percentage(target: Floats, absolute: Floats) -> Metric:
    zero = target == 0
    relative = np.where(zero, 0.0, absolute / np.abs(np.where(zero, 1.0, target)))
    share = mean(relative)
    return lambda weights: np.where(weights @ zero.astype(np.float64) > 0, np.nan, share(weights))
