"""Several series on one grid: values without holes in time, NaN where nothing was measured. Light: NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.anchor import anchor
from ml.forecasting.apart import lie_apart
from ml.forecasting.clock import to_utc, to_wall
from ml.forecasting.grid import Timestamps, later, places
from schemas.frequency import Frequency

_BY_INSTANT = ("minute", "hour")


@dataclass(frozen=True)
class Panel:
    """Series one after the other: that of `names[k]` is `values[starts[k]:starts[k + 1]]`, from its place `first[k]`.

    Places are whole numbers on the grid of `frequency` that is counted from `origin`. With a `zone`, minutes and hours
    are Universal Time (so that days of 23 and 25 hours are no gaps), longer periods wall time. `day` is the day of the
    month that points of months, quarters and years have, 31 the last; None: that of `origin`.
    """

    names: tuple[str, ...]
    starts: NDArray[np.int64]
    first: NDArray[np.int64]
    values: NDArray[np.float64]
    frequency: Frequency
    origin: np.datetime64
    zone: str | None = None
    day: int | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Points of each series from its first to its last, (series,)."""
        return np.diff(self.starts)

    def times(self, at: NDArray[np.int64]) -> Timestamps:
        """Return when places are: Universal Time for minutes and hours of a zone, else wall time; datetime64[us]."""
        return later(self.origin, at, self.frequency, self.day)

    @property
    def by_instant(self) -> bool:
        """Whether times are Universal Time, of a zone."""
        return self.zone is not None and self.frequency.unit in _BY_INSTANT

    def wall(self, at: NDArray[np.int64]) -> Timestamps:
        """Return when places are by the clocks of the zone, datetime64[us]."""
        return wall_times(self.times(at), self.frequency, self.zone)


def wall_times(times: Timestamps, frequency: Frequency, zone: str | None) -> Timestamps:
    """Return times of a grid as the zone's clocks have them, datetime64[us]."""
    return to_wall(times, zone) if frequency.unit in _BY_INSTANT else times.astype("datetime64[us]")


def grid_times(
    wall: Timestamps,
    frequency: Frequency,
    zone: str | None,
    series: NDArray[np.int64],
    instants: Timestamps | None = None,
) -> Timestamps:
    """Return wall times as a grid counts them: minutes and hours of a zone in Universal Time; datetime64[us], (n,).

    Where `instants`, (n,), are known, those count; NaT where they are not.
    """
    if zone in (None, "UTC") or frequency.unit not in _BY_INSTANT:
        return wall.astype("datetime64[us]")
    if instants is None or np.isnat(instants).all():
        return to_utc(wall, str(zone), series)
    found = instants.astype("datetime64[us]")
    unknown = np.isnat(instants)
    found[unknown] = to_utc(wall[unknown], str(zone), series[unknown])
    return found


@dataclass(frozen=True)
class Placed:
    """Rows on the grid: whose series, which place, and whether the row lies in the place of an earlier one."""

    series: NDArray[np.int64]
    at: NDArray[np.int64]
    repeated: NDArray[np.bool_]
    conflicting: NDArray[np.bool_]
    """Rows that repeat a place with another value."""
    off_grid: NDArray[np.bool_]
    """Rows at another time of the period than most."""
    unsorted: int
    """Rows that come before an earlier one of their series in the table."""
    apart: NDArray[np.bool_]
    """Rows that lie too far from their series for a grid of both: they are in no panel."""


def place_rows(
    series: NDArray[np.int64],
    wall: Timestamps,
    values: NDArray[np.float64],
    frequency: Frequency,
    zone: str | None,
    instants: Timestamps | None = None,
    day: int | None = None,
) -> tuple[Placed, np.datetime64]:
    """Return where rows lie on their grid, and the timestamp that the grid is counted from.

    Args:
        series: Whose row it is, a position in the names, (n,).
        wall: datetime64, (n,), none missing; by the clocks of `zone`, in the order of the table.
        values: What was measured, (n,), NaN where nothing was.
        frequency: Of the grid.
        zone: Name in the IANA database; None: without clock changes.
        instants: Universal Time of the rows whose time has an offset, (n,), NaT of the others.
        day: As in `Panel`.
    """
    times = grid_times(wall, frequency, zone, series, instants)
    origin, early = anchor(times, frequency)
    at = places(times, frequency, origin, early)
    order = np.lexsort((np.arange(len(at)), at, series))
    same = (series[order][1:] == series[order][:-1]) & (at[order][1:] == at[order][:-1])
    repeated, conflicting = np.zeros(len(at), dtype=np.bool_), np.zeros(len(at), dtype=np.bool_)
    repeated[order[1:][same]] = True
    before, after = values[order][:-1], values[order][1:]
    differ = (before != after) & ~(np.isnan(before) & np.isnan(after))
    conflicting[order[1:][same & differ]] = True
    by_series = np.argsort(series, kind="stable")
    backwards = (np.diff(times[by_series]).astype(np.int64) < 0) & (np.diff(series[by_series]) == 0)
    off_grid = later(origin, at, frequency, day) != times
    apart = np.zeros(len(at), dtype=np.bool_)
    apart[order] = lie_apart(series[order], at[order])
    return Placed(series, at, repeated, conflicting, off_grid, int(backwards.sum()), apart), origin


def make_panel(
    names: Sequence[str],
    placed: Placed,
    values: NDArray[np.float64],
    frequency: Frequency,
    origin: np.datetime64,
    zone: str | None = None,
    day: int | None = None,
) -> Panel:
    """Return the series on their grid; of several rows in one place the last in the table counts.

    Every name must have a row.
    """
    order = np.lexsort((np.arange(len(values)), placed.at, placed.series))
    order = order[~placed.apart[order]]
    series, at = placed.series[order], placed.at[order]
    begins = np.searchsorted(series, np.arange(len(names)))
    ends = np.searchsorted(series, np.arange(len(names)), side="right") - 1
    first = at[begins]
    starts = np.concatenate([[0], np.cumsum(at[ends] - first + 1)]).astype(np.int64)
    grid = np.full(int(starts[-1]), np.nan)
    grid[starts[series] + at - first[series]] = values[order]
    return Panel(tuple(names), starts, first, grid, frequency, origin, zone, day)
