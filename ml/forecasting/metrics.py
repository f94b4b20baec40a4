"""How good forecasts are, as quantities per point; NaN where a point was not measured. Light: NumPy only."""

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.windows import fill_gaps

Floats = NDArray[np.float64]


def naive_error(history: Floats, season: int) -> Floats:
    """Return the mean absolute difference between points a season apart in what was known at the origin, (n,).

    It is what a forecast's absolute errors are divided by to be comparable between series: less than 1 is better than
    the seasonal naive forecast was within the history, one step ahead.

    Args:
        history: Values up to the origin, (n, L); of a history no longer than a season, neighbours are compared.
        season: Points of a season.

    Returns:
        NaN where the history never changes, which gives no scale.

    Source:
        R. Hyndman and A. Koehler, Another look at measures of forecast accuracy, International Journal of Forecasting
        22 (2006), equation for MASE; here in-sample is the history that the forecast is made from.
    """
    apart = season if season < history.shape[1] else 1
    if history.shape[1] < 2:
        return np.full(len(history), np.nan)
    filled = fill_gaps(history)
    found = np.abs(filled[:, apart:] - filled[:, :-apart]).mean(axis=1)
    return np.where(found > 0, found, np.nan)


def scaled_errors(target: Floats, values: Floats, naive: Floats) -> Floats:
    """Return absolute errors divided by `naive_error` of their window, (n, H); their mean is the MASE."""
    return np.asarray(np.abs(values - target) / naive[:, None])


def symmetric_percentage_errors(target: Floats, values: Floats) -> Floats:
    """Return twice the absolute error over the sum of both magnitudes, (n, H), 0 to 2; 0 where both are 0.

    Source:
        S. Makridakis, Accuracy measures, International Journal of Forecasting 9 (1993), as the M4 competition has it.
    """
    together = np.abs(target) + np.abs(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 2 * np.abs(values - target) / together
    return np.where(together == 0, 0.0, share)


def pinball_losses(target: Floats, quantile: Floats, share: float) -> Floats:
    """Return the loss of a quantile, in the target's unit, (n, H): what is too low costs `share`, too high the rest.

    Args:
        target: What came, (n, H).
        quantile: The value that `share` of the targets are said to be below, (n, H).
        share: Between 0 and 1.

    Source:
        R. Koenker and G. Bassett, Regression Quantiles, Econometrica 46 (1978).
    """
    missed = target - quantile
    return np.maximum(share * missed, (share - 1) * missed)


def covered(target: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return 1 where a target lies within its interval, else 0, (n, H); NaN where it was not measured."""
    inside = ((target >= lower) & (target <= upper)).astype(np.float64)
    return np.where(np.isnan(target), np.nan, inside)
