"""Windows: what is known of a series at an origin, and what comes after. Light: NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.panel import Panel

_MOST_GAPS = 0.5
"""A history with a larger share of gaps teaches nothing."""


@dataclass(frozen=True)
class Windows:
    """Rows that are an origin of a series each, ordered by series and origin.

    `series`: positions in the panel's names, (n,). `at`: the place of the origin, which is the last known point, (n,).
    `history`: the values up to and with the origin, the newest last, (n, L). `target`: the next H values, (n, H); NaN
    where nothing was measured. `thinned`: every how many origins one was kept.
    """

    series: NDArray[np.int64]
    at: NDArray[np.int64]
    history: NDArray[np.float64]
    target: NDArray[np.float64]
    thinned: int = 1

    def __len__(self) -> int:
        return len(self.at)

    def chosen(self, rows: NDArray[np.bool_]) -> "Windows":
        """Return the windows where `rows`, (n,), is true."""
        return Windows(self.series[rows], self.at[rows], self.history[rows], self.target[rows], self.thinned)


def make_windows(
    panel: Panel, history: int, horizon: int, most: int | None = None, kept_back: Sequence[int] = ()
) -> Windows:
    """Return every origin that has `history` points behind it and `horizon` points before it.

    Left out are windows of which more than half of the history, or all of the target, was not measured.

    Args:
        panel: The series.
        history: L, at least 1.
        horizon: H, at least 0; with 0 targets are empty.
        most: Thin the origins evenly to about so many windows, the newest kept. Every n-th origin is kept with an n
            that has no divisor in common with the season, so that all seasons stay.
        kept_back: How many points before the newest origin those lie that are never thinned: the ones that test.
    """
    lengths = panel.lengths
    counts = np.maximum(lengths - history - horizon + 1, 0)
    series = np.repeat(np.arange(len(panel)), counts)
    offset = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts) + history - 1
    at = panel.first[series] + offset
    step = _thinning(len(at), most, panel.frequency.season)
    if step > 1:
        back = int(at.max()) - at
        kept = (back % step == 0) | np.isin(back, list(kept_back))
        series, offset, at = series[kept], offset[kept], at[kept]
    rows = panel.starts[series] + offset
    past = _stretches(panel.values, history)[rows + 1 - history]
    ahead = _stretches(panel.values, horizon)[rows + 1] if horizon else np.empty((len(rows), 0))
    found = Windows(series, at, past, ahead, step)
    if not np.isnan(panel.values).any():
        return found
    useful = np.isnan(past).mean(axis=1) <= _MOST_GAPS
    if horizon:
        useful &= ~np.isnan(ahead).all(axis=1)
    return found if useful.all() else found.chosen(useful)


def newest_windows(panel: Panel, history: int) -> Windows:
    """Return for every series that is long enough the window that ends with its last point; no targets."""
    series = np.flatnonzero(panel.lengths >= history)
    last = panel.starts[series + 1] - 1
    past = _stretches(panel.values, history)[last + 1 - history]
    return Windows(series, panel.first[series] + panel.lengths[series] - 1, past, np.empty((len(series), 0)))


def _stretches(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return a view of every stretch of so many values, (values - length + 1, length); none where there are fewer."""
    if len(values) < length:
        return np.empty((0, length))
    return np.lib.stride_tricks.sliding_window_view(values, length)


def _thinning(count: int, most: int | None, season: int) -> int:
    if most is None or count <= most:
        return 1
    step = -(-count // most)
    while gcd(step, 7 * season) > 1:
        step += 1
    return step


def fill_gaps(history: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return histories, (n, L), with each gap filled by the value before it, the oldest gaps by the first value.

    Nothing but the history itself is looked at; one that is all gaps becomes 0.
    """
    gone = np.isnan(history)
    if not gone.any():
        return history
    places = np.where(gone, -1, np.arange(history.shape[1]))
    last = np.maximum.accumulate(places, axis=1)
    first = np.argmin(gone, axis=1)
    filled = np.take_along_axis(history, np.where(last < 0, first[:, None], last), axis=1)
    return np.nan_to_num(filled, nan=0.0)
