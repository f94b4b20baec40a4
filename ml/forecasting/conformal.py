"""Prediction intervals from the errors of backtests, with a finite-sample guarantee.

Light: NumPy only.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HalfWidths:
    """Half the width of the interval of each step, in units of the window's scale, (H,).

    `residuals`: how many backtested points the scarcest step had. `pooled`: they were too few for a quantile of each
    step by itself, so all steps have the same width.
    """

    level: float
    widths: Floats
    residuals: int
    pooled: bool = False


def fewest_residuals(level: float) -> int:
    """Return how many errors a quantile at a level needs: 9 for 90 %, 19 for 95 %."""
    return ceil(level / (1 - level) - 1e-9)


def half_widths(errors: Floats, level: float) -> HalfWidths | None:
    """Return the half widths that cover a new error with a probability of at least `level`.

    Split conformal prediction with errors normalised by the scale of their window: the quantile is the k-th smallest of
    n errors with k = ceil((n + 1) level). That holds where the errors of backtests and of the future are exchangeable;
    a world that changes between them is what the coverage on other origins shows.

    Args:
        errors: Absolute errors of backtests over the scale of their windows, (n, H), NaN where nothing was measured.
        level: Share to be covered, 0 to 1.

    Returns:
        None where even all steps together have fewer errors than the level needs (`fewest_residuals`).

    Source:
        J. Lei et al., Distribution-Free Predictive Inference for Regression, JASA 113 (2018), algorithm 2 and section
        5.2.
    """
    counts = (~np.isnan(errors)).sum(axis=0)
    fewest = int(counts.min(initial=len(errors)))
    if fewest >= fewest_residuals(level):
        found = np.array([_quantile(column, level) for column in errors.T])
        return HalfWidths(level, found, fewest)
    if int(counts.sum()) < fewest_residuals(level):
        return None
    return HalfWidths(level, np.full(errors.shape[1], _quantile(errors.ravel(), level)), fewest, pooled=True)


def _quantile(errors: Floats, level: float) -> float:
    known = np.sort(errors[~np.isnan(errors)])
    rank = ceil((len(known) + 1) * level - 1e-9)
    return float(known[min(rank, len(known)) - 1])
