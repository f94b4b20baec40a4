"""Rows of a table of series for a batch: what is wrong with each, and the last points that the sound ones make."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.features.windows import Measured, SeriesTable, coded, too_large
from ml.forecasting.panel import Placed, make_panel, place_rows
from ml.forecasting.windows import MOST_GAPS
from ml.validation.origins import BEYOND, bounds
from ml.validation.refusal import shown
from ml.values.text import normal
from schemas.errors import did_you_mean
from schemas.forecast import Forecast
from schemas.frequency import parse_frequency
from schemas.signature import Signature, WindowDerivation

_SUGGESTED = 20  # unknown names for which the nearest known one is looked for
_FURTHEST_AHEAD = np.timedelta64(14, "h")


class Wrong(NamedTuple):
    """What is wrong with a row, counted from 0, and in which column."""

    row: int
    column: str
    message: str


@dataclass(frozen=True)
class Sound:
    """The series that sound rows make, each with the points that are looked at, and where rows were in the table."""

    table: SeriesTable
    rows: NDArray[np.int64]


def unusable(cells: pd.Series, read: Measured, signature: Signature, now: np.datetime64) -> Iterator[Wrong]:
    """Yield what is wrong with rows by themselves: one fault for each row that has some.

    Args:
        cells: What stands in the column of values.
        read: What was read of all rows.
        signature: Of the package.
        now: The newest time that a row may have, by the clocks of the rows.
    """
    window, target = signature.window, signature.output.target
    assert window is not None, "asked of forecasts only"
    late = np.isnat(read.wall)
    future = read.wall > _newest_allowed(window.forecast, now)
    oldest, newest = bounds(window.forecast)
    beyond = (read.wall < oldest) | (read.wall > newest)
    huge = np.zeros(len(late), dtype=np.bool_)
    huge[too_large(read)] = True
    unread = _unread(cells, read, () if signature.text is None else signature.text.missing)
    names = _Names(window)
    for row in np.flatnonzero(late | beyond | future | huge | unread | names.unknown(read.names)).tolist():
        if late[row]:
            yield Wrong(row, window.time, "is missing, or no time that can be read")
        elif beyond[row]:
            yield Wrong(row, window.time, BEYOND)
        elif (fault := names.fault(read.names[row])) is not None:
            yield Wrong(row, str(window.series), fault)
        elif unread[row]:
            yield Wrong(row, target, f"is no number: {shown(cells.iloc[row])}")
        elif huge[row]:
            yield Wrong(row, target, f"is {read.values[row]:g}, beyond 3.4e38")
        else:
            yield Wrong(row, window.time, "is later than now: what has not happened yet was not measured")


def sound_series(read: Measured, rows: NDArray[np.int64], window: WindowDerivation) -> tuple[Sound | None, list[Wrong]]:
    """Return the series of rows, each with no more points than are looked at, and the rows that contradict each other.

    Args:
        read: What was read of all rows.
        rows: Those that have a time, a series and a value or none, (n,).
        window: Of the package.
    """
    frequency, zone = parse_frequency(window.forecast.frequency), window.forecast.zone
    ordered, codes = coded([str(read.names[row]) for row in rows.tolist()])
    wall, values, day = read.wall[rows], read.values[rows], window.forecast.day
    placed, origin = place_rows(codes, wall, values, frequency, zone, read.instants[rows], day)
    contradicts = _contradicting(placed)
    text = f"is in the same {frequency} as another row of its series, with another value; neither is taken"
    wrong = [Wrong(row, window.time, text) for row in rows[contradicts].tolist()]
    kept = np.flatnonzero(~contradicts)
    if not len(kept):
        return None, wrong
    names, codes = coded([ordered[code] for code in placed.series[kept].tolist()])
    at, none = _recent(codes, placed.at[kept], window.forecast.history), np.zeros(len(kept), dtype=np.bool_)
    parts = (placed.repeated[kept], placed.conflicting[kept], placed.off_grid[kept], placed.unsorted, none)
    near = Placed(codes, at, *parts)
    panel = make_panel(names, near, values[kept], frequency, origin, zone, day)
    return Sound(SeriesTable(panel, near, wall[kept]), rows[kept]), wrong


def untold(sound: Sound, window: WindowDerivation) -> Iterator[Wrong]:
    """Yield the newest row of each series that is too short, or of which hardly anything was measured."""
    panel, placed, needed = sound.table.panel, sound.table.placed, window.forecast.history
    gaps = np.concatenate([[0], np.cumsum(np.isnan(panel.values))])
    end = panel.starts[1:]
    newest = gaps[end] - gaps[np.maximum(end - needed, panel.starts[:-1])]
    order = np.lexsort((placed.at, placed.series))
    last = order[np.searchsorted(placed.series[order], np.arange(len(panel)), side="right") - 1]
    for series in np.flatnonzero((panel.lengths < needed) | (newest > MOST_GAPS * needed)).tolist():
        whose = f"series {panel.names[series]!r}" if window.series is not None else "the series"
        length = int(panel.lengths[series])
        what = f"has {length} points; a forecast looks at {needed}"
        if length >= needed:
            what = f"was measured at {needed - int(newest[series])} of its last {needed} points; half are needed"
        yield Wrong(int(sound.rows[last[series]]), window.time, f"{whose} {what}")


class _Names:
    """The series that training knew; what is wrong with another name is found out once for each."""

    def __init__(self, window: WindowDerivation) -> None:
        self._window, self._known = window, frozenset(window.values)
        self._faults: dict[str | None, str | None] = {None: "is missing"}

    def unknown(self, names: Sequence[str | None]) -> NDArray[np.bool_]:
        """Return whose names are none, (n,)."""
        if self._window.series is None:
            return np.zeros(len(names), dtype=np.bool_)
        return np.array([name not in self._known for name in names], dtype=np.bool_)

    def fault(self, name: str | None) -> str | None:
        """Return what is wrong with a name, None: nothing."""
        if self._window.series is None or name in self._known:
            return None
        if name not in self._faults:
            near = did_you_mean(str(name), self._window.values) if len(self._faults) <= _SUGGESTED else ""
            self._faults[name] = f"is {shown(name)}, a series that training never saw.{near}"
        return self._faults[name]


def _newest_allowed(forecast: Forecast, now: np.datetime64) -> np.datetime64:
    """Return the newest time that a row may have: any, where training knew rows of the future.

    Where clocks are of no place that is known, they may be as far ahead as clocks anywhere are.
    """
    ahead = _FURTHEST_AHEAD if forecast.zone is None else np.timedelta64(0, "h")
    trained = None if forecast.until is None else np.datetime64(forecast.until, "us")
    return np.datetime64("9999-12-31", "us") if trained is not None and trained > now else now + ahead


def _unread(cells: pd.Series, read: Measured, missing: Collection[str]) -> NDArray[np.bool_]:
    """Return where something stands that is no number and no word for a missing one, (n,)."""
    there = cells.notna().to_numpy(dtype=np.bool_) & ~np.isfinite(read.values)
    words = {"", *missing}
    there[there] = [not isinstance(cell, str) or normal(cell) not in words for cell in cells[there]]
    return there


def _contradicting(placed: Placed) -> NDArray[np.bool_]:
    """Return the rows in whose place is another value too, (n,)."""
    places = np.stack([placed.series, placed.at], axis=1)
    _, which = np.unique(places, axis=0, return_inverse=True)
    which = which.ravel()
    return np.asarray(np.isin(which, which[placed.conflicting]))


def _recent(series: NDArray[np.int64], at: NDArray[np.int64], history: int) -> NDArray[np.int64]:
    """Return the places of rows, those before the last `history` ones just before them: one stray row makes no grid."""
    newest = np.full(int(series.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(newest, series, at)
    return np.asarray(np.maximum(at, newest[series] - history))
