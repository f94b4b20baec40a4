"""Checks of series in time: gaps, two values for one moment, rows in the future, rows out of order."""

from dataclasses import dataclass

import numpy as np

from ml.checks.share import share_outcome
from ml.forecasting.clock import to_wall
from ml.forecasting.grid import Timestamps
from ml.forecasting.panel import Panel, Placed
from schemas.evaluation import DataCheck
from schemas.table_checks import TableChecks

_NAMED = 3


@dataclass(frozen=True)
class SeriesRows:
    """Rows as they are in the table, (n,), and what became of them: `wall` by the clocks of the zone."""

    wall: Timestamps
    placed: Placed
    panel: Panel
    missing_times: int = 0
    missing_names: int = 0


def check_series(rows: SeriesRows, bounds: TableChecks, now: np.datetime64) -> list[DataCheck]:
    """Return the outcome of every check of series that is not off.

    Args:
        rows: The rows, and the series that they make.
        bounds: What is declared.
        now: The newest time that a row may have, by the clocks of the rows.
    """
    return [
        *_gaps(rows, bounds),
        *_repeats(rows, bounds),
        *_future(rows, bounds, now),
        *_order(rows),
        *_clock_changes(rows.panel),
    ]


def _gaps(rows: SeriesRows, bounds: TableChecks) -> list[DataCheck]:
    bound, panel = bounds.gaps, rows.panel
    if bound.severity == "off":
        return []
    gone = np.isnan(panel.values)
    by_series = np.add.reduceat(gone.astype(np.int64), panel.starts[:-1])
    share = float(gone.mean())
    text = f"{int(gone.sum()):,} of {len(gone):,} points ({share:.1%}) of {len(panel):,} series were not measured"
    if gone.any():
        text += f"{_worst(panel, by_series)}; gaps are filled by the value before"
    return [share_outcome("gaps", None, bound, share <= bound.max, share, f"{text}; {bound.max:.1%} are tolerated")]


def _worst(panel: Panel, by_series: np.ndarray) -> str:
    if is_alone(panel):
        return ""
    order = np.argsort(-by_series, kind="stable")[:_NAMED]
    shown = [f"{panel.names[one]!r} {by_series[one]:,} of {panel.lengths[one]:,}" for one in order if by_series[one]]
    return "; most in " + ", ".join(shown)


def _repeats(rows: SeriesRows, bounds: TableChecks) -> list[DataCheck]:
    bound, placed = bounds.repeated_times, rows.placed
    if bound.severity == "off":
        return []
    repeated, count = placed.repeated, len(placed.at)
    share = float(repeated.mean()) if count else 0.0
    if not repeated.any():
        text = f"no series has two rows for one {rows.panel.frequency}"
        return [share_outcome("repeated_times", None, bound, True, 0.0, text)]
    first = int(np.flatnonzero(repeated)[0])
    where = f"{_of(rows, first)}at {moment_text(rows.wall[first])}"
    text = (
        f"{int(repeated.sum()):,} of {count:,} rows are in the same {rows.panel.frequency} as another row of their "
        f"series, {int(placed.conflicting.sum()):,} with another value; the first {where}. Where they "
        "belong together, add them up before (SQL: GROUP BY); else declare data.series or data.frequency. Tolerated, "
        "the last one counts"
    )
    return [share_outcome("repeated_times", None, bound, share <= bound.max, share, text)]


def _future(rows: SeriesRows, bounds: TableChecks, now: np.datetime64) -> list[DataCheck]:
    severity = bounds.future_rows.severity
    if severity == "off":
        return []
    ahead = rows.wall > now
    text = f"no row is later than {moment_text(now)}"
    if ahead.any():
        first = int(np.flatnonzero(ahead)[0])
        text = (
            f"{int(ahead.sum()):,} of {len(ahead):,} rows are later than {moment_text(now)}, the first "
            f"{_of(rows, first)}at {moment_text(rows.wall[first])}: what has not happened yet was not measured; remove "
            "those rows, or declare data.checks.future_rows.now"
        )
    return [
        DataCheck(name="future_rows", severity=severity, passed=not ahead.any(), value=int(ahead.sum()), message=text)
    ]


def _order(rows: SeriesRows) -> list[DataCheck]:
    found = []
    if rows.placed.unsorted:
        text = f"{rows.placed.unsorted:,} rows are earlier than the row before them in their series; they were sorted"
        found.append(_note("time_order", rows.placed.unsorted, text))
    if rows.placed.off_grid.any():
        count, frequency = int(rows.placed.off_grid.sum()), rows.panel.frequency
        text = f"{count:,} rows are at another time of their {frequency} than most; they count as in it"
        found.append(_note("time_grid", count, text))
    if rows.missing_times:
        text = f"{rows.missing_times:,} rows have no time that can be read; they were left out"
        found.append(_note("time_missing", rows.missing_times, text, passed=False))
    if rows.missing_names:
        text = f"{rows.missing_names:,} rows do not say which series they are of; they were left out"
        found.append(_note("series_missing", rows.missing_names, text, passed=False))
    return found


def _clock_changes(panel: Panel) -> list[DataCheck]:
    """Say that days of 23 and 25 hours are none of the gaps and repeats."""
    if panel.zone in (None, "UTC") or panel.frequency.unit not in ("hour", "minute"):
        return []
    first, last = int(panel.first.min()), int((panel.first + panel.lengths).max()) - 1
    days = panel.times(np.array([first, last]))
    midnights = np.arange(days[0].astype("datetime64[D]"), days[1].astype("datetime64[D]") + 2)
    offsets = to_wall(midnights.astype("datetime64[us]"), panel.zone) - midnights.astype("datetime64[us]")
    changes = int((np.diff(offsets.astype(np.int64)) != 0).sum())
    text = f"clocks in {panel.zone} changed {changes:,} times; days of 23 and 25 hours are neither gaps nor repeats"
    return [_note("clock_changes", changes, text)]


def is_alone(panel: Panel) -> bool:
    """Whether the table is one series, which has no name."""
    return panel.names == ("",)


def _of(rows: SeriesRows, row: int) -> str:
    return "" if is_alone(rows.panel) else f"in {rows.panel.names[rows.placed.series[row]]!r} "


def _note(name: str, value: int, text: str, *, passed: bool = True) -> DataCheck:
    return DataCheck(name=name, severity="warn", passed=passed, value=value, message=text)


def moment_text(moment: np.datetime64) -> str:
    """Return a time for a message: a day, or also its time of day where it has one."""
    whole = moment == moment.astype("datetime64[D]")
    return str(np.datetime_as_string(moment, unit="D" if whole else "s"))
