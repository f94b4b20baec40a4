"""Rows that lie so far from the others of their series that a grid of all would be mostly empty. Light: NumPy only."""

import numpy as np
from numpy.typing import NDArray

_ROOM, _A_ROW = 2_000_000, 20


def room(rows: int) -> int:
    """Return how many points the grids of so many rows may have in all."""
    return max(_ROOM, _A_ROW * rows)


def lie_apart(series: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows, (n,), must be left out so that the grids of all series have no more points than there is room.

    Series are cut at their widest gaps, as few as it takes; of the parts of a series the one of most rows stays.

    Args:
        series: Whose row it is, (n,), n at least 1, sorted.
        at: Its place, (n,), sorted within its series.
    """
    own = np.diff(series) == 0
    gaps = np.where(own, np.diff(at), 0)
    too_many = int(gaps.sum()) + int((~own).sum()) + 1 - room(len(at))
    if too_many <= 0:
        return np.zeros(len(at), dtype=np.bool_)
    widest = np.argsort(-gaps, kind="stable")
    cut = np.zeros(len(gaps), dtype=np.bool_)
    cut[widest[: int(np.searchsorted(np.cumsum(gaps[widest]), too_many)) + 1]] = True
    part = np.concatenate([[0], np.cumsum(cut | ~own)])
    sizes = np.bincount(part)
    whose = series[np.searchsorted(part, np.arange(len(sizes)))]
    by_size = np.lexsort((-sizes, whose))
    kept = by_size[np.concatenate([[True], np.diff(whose[by_size]) != 0])]
    return ~np.isin(part, kept)
