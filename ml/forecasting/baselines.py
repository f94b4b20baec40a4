"""What a forecast must beat: the last value, the same point of the season before, the mean of the time of year.

All three are read from a row of the matrix, so that they are packaged and served as models are. Light: NumPy only.
"""

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.calendar_features import positions
from ml.forecasting.features import Floats, WindowFeatures
from ml.forecasting.stacked import put_back

SMOOTHED = 7
"""On how many days to either side the mean of a day of the year looks: single days of few years are noise."""
_SMOOTHED_FROM = 300  # positions of a course from which it is smoothed


def columns_of(features: WindowFeatures, name: str) -> list[int]:
    """Return the columns of a step's feature for each step, (H,)."""
    place = features.step_names.index(name)
    first = len(features.FIRST) + len(features.window_names)
    return [first + step * len(features.step_names) + place for step in range(features.horizon)]


def persistence(matrix: NDArray[np.float32], features: WindowFeatures) -> Floats:
    """Return the last value for every step, (n, H)."""
    last = matrix[:, len(features.FIRST) + features.lags.index(1)]
    return put_back(matrix, np.repeat(last[:, None], features.horizon, axis=1).astype(np.float64))


def seasonal_naive(matrix: NDArray[np.float32], features: WindowFeatures) -> Floats:
    """Return for every step the value a whole number of seasons before it, (n, H); without a season the last value."""
    if not features.seasons_back:
        return persistence(matrix, features)
    return put_back(matrix, matrix[:, columns_of(features, "season.1")].astype(np.float64))


def fit_climatology(matrix: NDArray[np.float32], target: Floats, features: WindowFeatures, series: int) -> Floats:
    """Return the mean of each series at each place of the course of the year (of the day), (1 + series, positions).

    A day of the year is the mean of the days about it too. Where a series was never seen at a place, its mean over the
    whole course stands; the first row, for a series that was never seen, is the mean of all.

    Args:
        matrix: Of the training windows, as `WindowFeatures.matrix` gives it; series have codes from 1.
        target: What came, (n, H).
        features: Of the matrix.
        series: How many codes there are.
    """
    count = positions(features.frequency)
    place = matrix[:, columns_of(features, "position")].astype(np.int64).ravel()
    code = np.repeat(matrix[:, 2].astype(np.int64), features.horizon)
    known = ~np.isnan(target.ravel())
    cell, value = (code * count + place)[known], target.ravel()[known]
    sums: Floats = np.bincount(cell, value, minlength=(series + 1) * count).reshape(-1, count).astype(np.float64)
    rows: Floats = np.bincount(cell, minlength=(series + 1) * count).reshape(-1, count).astype(np.float64)
    sums[0], rows[0] = sums.sum(axis=0), rows.sum(axis=0)
    if count >= _SMOOTHED_FROM:
        sums, rows = _about(sums), _about(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = sums.sum(axis=1) / rows.sum(axis=1)
        table = sums / rows
    whole = np.where(np.isnan(whole), whole[0], whole)
    return np.where(np.isnan(table), whole[:, None], table)


def _about(days: Floats) -> Floats:
    """Return for every day the sum over the days about it; the course is a circle."""
    return np.asarray(np.sum([np.roll(days, by, axis=1) for by in range(-SMOOTHED, SMOOTHED + 1)], axis=0))


def climatology(matrix: NDArray[np.float32], features: WindowFeatures, table: Floats) -> Floats:
    """Return the mean of the series at each target's place in the course, (n, H)."""
    place = _index(matrix[:, columns_of(features, "position")], table.shape[1])
    return np.asarray(table[_index(matrix[:, 2:3], len(table)), place])


def _index(numbers: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return whole numbers from 0 on below `count`, 0 for any other: what windows never are."""
    known = np.nan_to_num(numbers, nan=-1.0, posinf=-1.0, neginf=-1.0)
    return np.where((known >= 0) & (known < count), known, 0).astype(np.int64)
