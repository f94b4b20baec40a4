"""Windows as the rows that a regressor of one value learns: a row a step, level and scale taken out.

Light: NumPy only.
"""

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.features import Floats, WindowFeatures

FIRST = len(WindowFeatures.FIRST)
_FAR = 50.0


class Stacked:
    """How rows of the matrix become rows of single steps, and values become forecasts again."""

    def __init__(self, window_features: int, horizon: int) -> None:
        self._window, self._horizon = window_features, horizon

    @classmethod
    def of(cls, features: WindowFeatures) -> "Stacked":
        """Return how the rows of these features are stacked."""
        return cls(len(features.window_names), features.horizon)

    def rows(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features of every step, (n * H, 1 + window + step): all steps of a row, then the next row's.

        Args:
            matrix: As `WindowFeatures.matrix` gives it, (n, columns).
        """
        count, first, after = len(matrix), FIRST - 1, FIRST + self._window
        shared = np.repeat(matrix[:, first:after], self._horizon, axis=0)
        steps = matrix[:, after:].reshape(count * self._horizon, (matrix.shape[1] - after) // self._horizon)
        return np.ascontiguousarray(np.concatenate([shared, steps], axis=1))

    def target(self, matrix: NDArray[np.float32], target: Floats) -> Floats:
        """Return targets, (n, H), with level and scale taken out, (n * H,); NaN stays."""
        return taken_out(matrix, target).ravel()

    def values(self, matrix: NDArray[np.float32], scaled: Floats) -> Floats:
        """Return what was predicted of the rows, (n * H,), with level and scale put back, (n, H)."""
        return put_back(matrix, scaled.reshape(len(matrix), self._horizon))


def taken_out(matrix: NDArray[np.float32], values: Floats) -> Floats:
    """Return values of windows, (n, H), without the level and in units of the scale of each."""
    level, scale = matrix[:, :1].astype(np.float64), matrix[:, 1:2].astype(np.float64)
    return np.asarray((values - level) / scale)


def measurable(scaled: Floats) -> NDArray[np.bool_]:
    """Return which windows a model can learn from, (n,): their scale measures what came after them.

    Where a series stood still or was 0 for longer than a history and then began, a target is thousands of scales away.
    A few such windows would decide what is learnt of all series.

    Args:
        scaled: Targets without level and scale, (n, H), NaN where nothing was measured.
    """
    largest = np.nan_to_num(np.abs(scaled), nan=0.0).max(axis=1, initial=0.0)
    changed = largest[largest > 0]
    return np.asarray(largest <= _FAR * np.median(changed)) if len(changed) else np.ones(len(scaled), dtype=np.bool_)


def put_back(matrix: NDArray[np.float32], scaled: Floats) -> Floats:
    """Return what `taken_out` was given, (n, H)."""
    level, scale = matrix[:, :1].astype(np.float64), matrix[:, 1:2].astype(np.float64)
    return np.asarray(scaled * scale + level)
