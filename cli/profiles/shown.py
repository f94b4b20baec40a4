"""A profile as a table for people, and as JSON with all that it says."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from cli.console import Output
from ml.monitoring.charts import tick
from ml.monitoring.column_profile import ColumnProfile, Numbers
from ml.monitoring.profiles import PREDICTIONS, Profile
from ml.values.display import NAME, readable
from schemas.numbers import percent

_SHARES = (0.01, 0.25, 0.5, 0.75, 0.99)
_MOST_LABELS = 5
_HEADINGS = ("column", "read as", "rows", "missing", "distinct", "values")


def show(path: Path, profile: Profile) -> None:
    """Print a profile as a table."""
    table = Table(title=escape(f"{path}"), title_justify="left")
    for heading in _HEADINGS:
        table.add_column(heading, overflow="fold")
    for name, column in _columns(profile):
        missing = f"{column.missing} ({percent(column.missing / column.rows, 1)})" if column.rows else "0"
        cells = (
            readable(name, NAME),
            column.kind,
            f"{column.rows}",
            missing,
            f"{round(column.distinct)}",
            _values(column),
        )
        table.add_row(*map(escape, cells))
    Output().print(table)


def as_json(path: Path, profile: Profile) -> dict[str, Any]:
    """Return all that a profile says; which of it is exact stands in docs/monitoring.md."""
    return {"file": str(path), "columns": {name: _fields(column) for name, column in _columns(profile)}}


def _columns(profile: Profile) -> list[tuple[str, ColumnProfile]]:
    found = [(name, profile.column(name)) for name in profile.columns()]
    found += [(f"prediction: {name}", profile.prediction(name)) for name in PREDICTIONS]
    return [(name, column) for name, column in found if column is not None]


def _fields(column: ColumnProfile) -> dict[str, Any]:
    numbers = column.numbers
    return {
        "kind": column.kind,
        "rows": column.rows,
        "missing": column.missing,
        "infinite": column.infinite,
        "types": dict(column.types),
        "distinct": column.distinct,
        "once": column.once,
        "counts": dict(column.counts),
        "numbers": None if numbers is None else _numbers(numbers),
    }


def _numbers(numbers: Numbers) -> dict[str, Any]:
    quantiles = numbers.quantiles(np.array(_SHARES)).tolist()
    return {
        "n": numbers.n,
        "minimum": numbers.minimum,
        "maximum": numbers.maximum,
        "deviation": numbers.deviation,
        "rank_error": numbers.error,
        "quantiles": {str(share): value for share, value in zip(_SHARES, quantiles, strict=True)},
    }


def _values(column: ColumnProfile) -> str:
    if column.numbers is not None:
        ends = column.numbers.quantiles(np.array([0.0, 0.5, 1.0])).tolist()
        low, median, high = (tick(value, column.kind) for value in ends)
        return f"{low} to {high}, median {median}"
    ranked = sorted(column.counts, key=lambda text: (-column.counts[text], text))
    named = [f"{readable(text)} {percent(column.counts[text] / column.present, 0)}" for text in ranked[:_MOST_LABELS]]
    return ", ".join(named) + (", …" if len(ranked) > _MOST_LABELS else "")
