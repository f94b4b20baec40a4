"""Windows: what is known of a series at an origin, and what comes after. Light: NumPy only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.backtest import NONE, TRAIN, VALIDATION, Origins, assign
from ml.forecasting.grid import Places
from ml.forecasting.panel import Panel

MOST_GAPS = 0.5
"""A history with a larger share of gaps tells nothing."""
_RUN = 16  # windows, of which copying takes half the time where they are taken as one
_GOLDEN, _SILVER = (5**0.5 - 1) / 2, 2**0.5 - 1


@dataclass(frozen=True)
class Windows:
    """Rows that are an origin of a series each, ordered by series and origin.

    `series`: positions in the panel's names, (n,). `at`: the place of the origin, which is the last known point, (n,).
    `history`: the values up to and with the origin, the newest last, (n, L). `target`: the next H values, (n, H); NaN
    where nothing was measured. `sets`: which set each is in, (n,), where a backtest is declared. `thinned_from`: how
    many windows there were of each set that was thinned.
    """

    series: Places
    at: Places
    history: NDArray[np.float64]
    target: NDArray[np.float64]
    sets: NDArray[np.str_] | None = None
    thinned_from: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at)


def make_windows(
    panel: Panel, history: int, horizon: int, origins: Origins | None = None, most: int | None = None
) -> Windows:
    """Return every origin that has `history` points behind it and `horizon` points before it.

    Left out are windows of which more than half of the history, or all of the target, was not measured; with `origins`
    also those that are in no set, and all of a series that training has no window of: nobody could ask for it.

    Args:
        panel: The series.
        history: L, at least 1.
        horizon: H, at least 0; with 0 targets are empty.
        origins: Of the backtest that is declared.
        most: Thin those that teach, and those that validate, evenly to about so many. Those that test are all kept.
    """
    series, at, rows = _useful(panel, history, horizon)
    sets, thinned = None, dict[str, int]()
    if origins is not None:
        kept, sets = _drawn(series, at, horizon, origins)
        series, at, rows = series[kept], at[kept], rows[kept]
    if most is not None:
        stay, thinned = _thinned(series, at, sets, most, panel.frequency.season)
        series, at, rows = series[stay], at[stay], rows[stay]
        sets = None if sets is None else sets[stay]
    past = _taken(_stretches(panel.values, history), rows + 1 - history)
    ahead = _taken(_stretches(panel.values, horizon), rows + 1) if horizon else np.empty((len(rows), 0))
    return Windows(series, at, past, ahead, sets, thinned)


def _useful(panel: Panel, history: int, horizon: int) -> tuple[Places, Places, Places]:
    """Return series, place and row in the values of every origin that windows are made of; no history is copied."""
    counts = np.maximum(panel.lengths - history - horizon + 1, 0)
    series = np.repeat(np.arange(len(panel)), counts)
    offset = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts) + history - 1
    rows = panel.starts[series] + offset
    gone = np.isnan(panel.values)
    if not gone.any():
        return series, panel.first[series] + offset, rows
    gaps = np.concatenate([[0], np.cumsum(gone)])
    useful = gaps[rows + 1] - gaps[rows + 1 - history] <= MOST_GAPS * history
    if horizon:
        useful &= gaps[rows + 1 + horizon] - gaps[rows + 1] < horizon
    series, rows = series[useful], rows[useful]
    return series, panel.first[series] + offset[useful], rows


def _drawn(series: Places, at: Places, horizon: int, origins: Origins) -> tuple[Places, NDArray[np.str_]]:
    """Return which windows are in a set, and in which; the newest origin is one of a series that teaches."""
    kept = np.arange(len(at))
    sets = assign(at, horizon, origins)
    teaches = np.isin(series, series[sets == TRAIN])
    while teaches.any() and not teaches.all():
        kept = kept[teaches]
        sets = assign(at[kept], horizon, origins)
        teaches = np.isin(series[kept], series[kept][sets == TRAIN])
    return kept[sets != NONE], sets[sets != NONE]


def _thinned(
    series: Places, at: Places, sets: NDArray[np.str_] | None, most: int, season: int
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which windows stay, (n,), and how many there were of each set of which some do not."""
    kept, thinned = np.ones(len(at), dtype=np.bool_), dict[str, int]()
    every = np.arange(len(at))
    own_of = {TRAIN: every} if sets is None else {name: every[sets == name] for name in (TRAIN, VALIDATION)}
    for name, own in own_of.items():
        if len(own) > most:
            kept[own] = _evenly(series[own], at[own], most, season)
            thinned[name] = len(own)
    return kept, thinned


def newest_windows(panel: Panel, history: int) -> Windows:
    """Return the window that ends with the last point of each series, of those with a history that tells something."""
    long_enough = np.flatnonzero(panel.lengths >= history)
    gaps = np.concatenate([[0], np.cumsum(np.isnan(panel.values))])
    end = panel.starts[long_enough + 1]
    series = long_enough[gaps[end] - gaps[end - history] <= MOST_GAPS * history]
    last = panel.starts[series + 1] - 1
    past = _stretches(panel.values, history)[last + 1 - history]
    return Windows(series, panel.first[series] + panel.lengths[series] - 1, past, np.empty((len(series), 0)))


def _stretches(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return a view of every stretch of so many values, (values - length + 1, length); none where there are fewer."""
    if len(values) < length:
        return np.empty((0, length))
    return np.lib.stride_tricks.sliding_window_view(values, length)


def _taken(stretches: NDArray[np.float64], places: Places) -> NDArray[np.float64]:
    """Return the stretches at places that there are, (n, length); of places in long runs a run at a time."""
    cuts = np.flatnonzero(np.diff(places) != 1) + 1
    if len(places) < _RUN * (len(cuts) + 1):
        return stretches[places]
    found = np.empty((len(places), stretches.shape[1]))
    for begin, end in pairwise([0, *cuts.tolist(), len(places)]):
        first = places[begin]
        found[begin:end] = stretches[first : first + end - begin]
    return found


def _evenly(series: Places, at: Places, most: int, season: int) -> NDArray[np.bool_]:
    """Return about `most` of the windows, (n,): the newest of each series, and as many at each place of a season.

    A season of hours differs by weekday, so that seven count as one. At one place of it they are drawn by multiples of
    irrational numbers, which lie evenly between 0 and 1, so that no series and no time is left out.

    Source:
        M. Roberts, The Unreasonable Effectiveness of Quasirandom Sequences (2018), on additive recurrence.
    """
    kept = np.append(series[1:] != series[:-1], True)
    others = np.flatnonzero(~kept)
    wanted = min(max(most - int(kept.sum()), 0), len(others))
    order = np.argsort(at[others] % (7 * season) + (at[others] * _GOLDEN + series[others] * _SILVER) % 1.0)
    kept[others[order[(np.arange(wanted) * len(others)) // max(wanted, 1)]]] = True
    return kept


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
