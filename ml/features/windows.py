"""A long table of series to rows that are windows: the series, when its last point was, its last points, the next ones.

Everything after it takes them for rows as any others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.forecasting.anchor import month_day
from ml.forecasting.calendar_features import parts_of
from ml.forecasting.grid import Timestamps
from ml.forecasting.infer_frequency import infer_frequency
from ml.forecasting.panel import Panel, Placed, make_panel, place_rows
from ml.forecasting.windows import Windows, fill_gaps, newest_windows
from ml.values.canonical import canonical
from ml.values.columns import as_cells, as_instants, as_numbers, as_timestamps
from ml.values.tensor import Tensor
from schemas.data import Column, TableSchema
from schemas.data_spec import HISTORY, DataSpec
from schemas.errors import ContentError
from schemas.forecast import Forecast
from schemas.frequency import Frequency, parse_frequency
from schemas.reading import POINT, Dates, Marks


@dataclass(frozen=True)
class Roles:
    """Which column is what."""

    target: str
    time: str
    series: str | None = None

    @classmethod
    def of(cls, data: DataSpec) -> "Roles":
        """Return what an experiment declares."""
        assert data.time is not None, "a forecast has a time"
        return cls(data.target, data.time, data.series)


@dataclass(frozen=True)
class Measured:
    """Rows of a table, (n,): when each was by the clocks, NaT where nobody knows; of which series, None too; and what.

    The only series is called by the empty text.
    """

    wall: Timestamps
    names: list[str | None]
    values: NDArray[np.float64]
    instants: Timestamps
    """Universal Time of the rows whose time has an offset, NaT of the others."""

    def chosen(self, rows: NDArray[np.bool_]) -> "Measured":
        """Return the rows where `rows`, (n,), is true."""
        names = [name for name, there in zip(self.names, rows.tolist(), strict=True) if there]
        return Measured(self.wall[rows], names, self.values[rows], self.instants[rows])

    @property
    def placeable(self) -> NDArray[np.bool_]:
        """Which rows have a time and a series, (n,)."""
        return np.asarray(~np.isnat(self.wall) & np.array([name is not None for name in self.names], dtype=bool))


def measured(rows: pd.DataFrame, roles: Roles, dates: Dates, marks: Marks = POINT) -> Measured:
    """Return what rows hold; `dates` and `marks` say how their text is read."""
    wall = as_timestamps(rows[roles.time], dates).to_numpy()
    instants = as_instants(rows[roles.time], dates).to_numpy()
    values = as_numbers(rows[roles.target], marks)
    if roles.series is None:
        return Measured(wall, [""] * len(rows), values, instants)
    cells = as_cells(rows[roles.series], "identifier")
    return Measured(wall, [None if cell is None else canonical(cell) for cell in cells], values, instants)


def too_large(rows: Measured) -> NDArray[np.int64]:
    """Return the rows, counted from 0, whose value float32 does not hold, which models compute in."""
    return np.flatnonzero(np.abs(rows.values) > np.finfo(np.float32).max)


def measured_by(rows: pd.DataFrame, schema: TableSchema, roles: Roles) -> Measured:
    """Return what rows hold, read as their schema says."""
    return measured(rows, roles, _column(schema, roles.time).dates, schema.text.marks if schema.text else POINT)


@dataclass(frozen=True)
class SeriesTable:
    """Series on their grid, and the rows that they were made of: `wall` and `placed` are of those with a place."""

    panel: Panel
    placed: Placed
    wall: Timestamps


def read_series(rows: Measured, forecast: Forecast) -> SeriesTable:
    """Return the series that rows make. Raises ContentError when no row has a time and a series."""
    there = rows.placeable
    if not there.any():
        raise ContentError("no row has a time that can be read and a series")
    kept = rows.chosen(there)
    ordered, series = coded(list(map(str, kept.names)))
    frequency = parse_frequency(forecast.frequency)
    zone, day = forecast.zone, forecast.day
    placed, origin = place_rows(series, kept.wall, kept.values, frequency, zone, kept.instants, day)
    panel = make_panel(ordered, placed, kept.values, frequency, origin, zone, day)
    return SeriesTable(panel, placed, kept.wall)


def coded(names: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different names, sorted, and for each of `names` its place among them, (n,)."""
    ordered = sorted(set(names))
    code = {name: place for place, name in enumerate(ordered)}
    return ordered, np.array([code[name] for name in names], dtype=np.int64)


def forecast_of(rows: Measured, schema: TableSchema, data: DataSpec) -> Forecast:
    """Return what a forecast looks at and gives, as declared or as most rows have it.

    Raises:
        ContentError: If no frequency is declared and none is to be seen.
    """
    column = _column(schema, Roles.of(data).time)
    frequency = parse_frequency(data.frequency) if data.frequency else _inferred(rows)
    return Forecast(
        history=data.history or frequency.history,
        horizon=data.horizon or 1,
        frequency=str(frequency),
        zone=column.timezone,
        day=month_day(rows.wall[rows.placeable], frequency) if rows.placeable.any() else None,
        level=data.interval,
        parts=list(column.parts) if column.parts else parts_of(frequency),
    )


def window_rows(panel: Panel, windows: Windows, roles: Roles) -> pd.DataFrame:
    """Return a row for each window, oldest first: series, time of the origin, last points, next points."""
    frame = _frame(panel, windows, roles)
    target = [Tensor(row) for row in windows.target]
    return frame.assign(**{roles.target: pd.Series(target, dtype=object)}).sort_values(
        [roles.time, *([roles.series] if roles.series else [])], kind="stable", ignore_index=True
    )


def newest_rows(table: SeriesTable, forecast: Forecast, roles: Roles) -> pd.DataFrame:
    """Return the window that ends with the last point of each series, of those with a history that tells something."""
    return _frame(table.panel, newest_windows(table.panel, forecast.history), roles)


def window_schema(schema: TableSchema, forecast: Forecast, roles: Roles) -> TableSchema:
    """Return the schema of windows: the series and the time as the rows have them, and the points."""
    kept = [column for column in schema.columns if column.name in (roles.time, roles.series)]
    left_out = [column for column in schema.columns if column.type == "drop" and column.name != HISTORY]
    points = Column(
        name=HISTORY,
        type="sequence",
        declared=False,
        why=f"the last {forecast.history} points of {roles.target!r}, the newest last",
        nullable=False,
        unit=schema.problem.unit,
        shape=[None],
        dtype="float64",
    )
    return schema.model_copy(update={"columns": [*kept, points, *left_out], "forecast": forecast})


def _frame(panel: Panel, windows: Windows, roles: Roles) -> pd.DataFrame:
    points = [Tensor(row) for row in fill_gaps(windows.history)]
    columns = {roles.time: _times(panel, windows), HISTORY: pd.Series(points, dtype=object)}
    if roles.series is None:
        return pd.DataFrame(columns)
    names = np.array(panel.names, dtype=object)[windows.series]
    return pd.DataFrame({roles.series: pd.Series(names, dtype="str"), **columns})


def _times(panel: Panel, windows: Windows) -> pd.Series:
    """Return the origins, in the zone where they are instants of one: an hour that comes twice is two."""
    times = pd.DatetimeIndex(panel.times(windows.at))
    return pd.Series(times.tz_localize("UTC").tz_convert(panel.zone) if panel.by_instant else times)


def _inferred(rows: Measured) -> Frequency:
    there = rows.placeable
    codes = pd.factorize(np.array(rows.names, dtype=object)[there])[0].astype(np.int64)
    found = infer_frequency(codes, rows.wall[there])
    if found is None:
        raise ContentError(
            "no distance in time is that of most neighbouring rows of a series: declare data.frequency (minute, hour, "
            "day, week, month, quarter, year), and data.series where several series lie in the table"
        )
    return found


def _column(schema: TableSchema, name: str) -> Column:
    return next(column for column in schema.columns if column.name == name)
