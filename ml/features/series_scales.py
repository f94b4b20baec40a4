"""By how much each series usually changes within a window."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_AT_ONCE = 8_192


def usual_scales(history: pd.Series, target: pd.Series, codes: NDArray[np.int64]) -> list[float]:
    """Return for every series the mean of the deviations of its windows, those of history and target together.

    Args:
        history: Arrays of the last points of each window, (n,) cells of (L,).
        target: Arrays of the next ones, (n,) cells of (H,), NaN where nothing was measured.
        codes: Which series each window is of, from 0, (n,); each has one.
    """
    parts = [
        _deviations(history.iloc[start : start + _AT_ONCE], target.iloc[start : start + _AT_ONCE])
        for start in range(0, len(history), _AT_ONCE)
    ]
    if not parts:
        return []
    found: list[float] = (np.bincount(codes, np.concatenate(parts)) / np.bincount(codes)).tolist()
    return found


def _deviations(history: pd.Series, target: pd.Series) -> NDArray[np.float64]:
    points = [np.stack([cell.array for cell in column]).astype(np.float64) for column in (history, target)]
    return np.asarray(np.nanstd(np.concatenate(points, axis=1), axis=1))
