"""Small tables that components are tried with: numbers with gaps, a category, a boolean, dates, and a target."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.components.matrix import Matrix
from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.features.windows import Roles, measured_by, read_series, window_rows, window_schema
from ml.forecasting.windows import make_windows
from schemas.base import Task
from schemas.column_types import ColumnType
from schemas.data import Column, Problem, TableSchema
from schemas.forecast import Forecast
from schemas.signature import Signature

Example = Callable[[Path, pd.DataFrame], Mapping[str, Any] | None]
"""What makes parameters to try a component with, given an empty folder and rows: a source's writes the rows there; None
where it cannot write such rows."""
ROWS, TARGET = 120, "kind"
_TYPES: dict[str, ColumnType] = {
    "size": "number", "weight": "number", "colour": "category", "wet": "boolean", "day": "date",
}  # fmt: skip
_CLASSES: dict[Task, list[Any] | None] = {
    "binary": ["no", "yes"],
    "multiclass": ["a", "b", "c"],
    "regression": None,
    "forecast": None,
}


@dataclass(frozen=True)
class Sample:
    """Rows of one task, and what a trainer gets of them."""

    task: Task
    rows: pd.DataFrame
    signature: Signature
    train: Matrix
    validation: Matrix

    @property
    def empty(self) -> Matrix:
        """The same without a row."""
        none = self.train
        return Matrix(none.features[:0], none.target[:0], {name: list(cells)[:0] for name, cells in none.cells.items()})


def no_parameters(folder: Path, rows: pd.DataFrame) -> Mapping[str, Any]:
    """Return the parameters of a component whose parameters all have defaults."""
    return {}


def table(task: Task = "binary", count: int = ROWS) -> pd.DataFrame:
    """Return rows with the target in the column `kind`; the same every time."""
    draw = np.random.default_rng(7)
    size = draw.normal(10, 3, count).round(3)
    weight = pd.Series(draw.normal(2, 1, count).round(3))
    weight[draw.random(count) < 0.1] = np.nan
    colour = draw.choice(np.array(["blue", "red", "steel"]), count)
    score = size + 2 * (colour == "red") + draw.normal(0, 1, count)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 60, count), unit="D")
    return pd.DataFrame(
        {
            "size": size,
            "weight": weight,
            "colour": pd.Series(colour, dtype="str"),
            "wet": draw.random(count) < 0.5,
            "day": pd.Series(days.strftime("%Y-%m-%d"), dtype="str"),
            TARGET: _target(task, score),
        }
    )


@cache
def sample(task: Task) -> Sample:
    """Return a sample of a task; whoever changes it is found out by `unchanged`."""
    if task == "forecast":
        return _windows()
    rows = table(task)
    problem = Problem(target=TARGET, task=task, classes=_CLASSES[task])
    columns = [Column(name=name, type=kind, declared=True, why="declared") for name, kind in _TYPES.items()]
    train, validation = rows.iloc[:80], rows.iloc[80:]
    signature = fit_signature(train, TableSchema(problem=problem, columns=columns))
    return Sample(
        task, rows, signature, make_matrix(train, signature, problem), make_matrix(validation, signature, problem)
    )


@contextmanager
def unseeded(seed: int) -> Iterator[list[str]]:
    """Seed the random generators that everybody shares, and give afterwards the names of those that were used."""
    before, kept = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    used: list[str] = []
    state, numpy_state = random.getstate(), _numpy_state()
    try:
        yield used
        if random.getstate() != state:
            used.append("random")
        if _numpy_state() != numpy_state:
            used.append("numpy.random")
    finally:
        random.setstate(before)
        np.random.set_state(kept)


def _target(task: Task, score: Any) -> Any:
    if task == "regression":
        return score.round(3)
    cuts = np.quantile(score, [0.5] if task == "binary" else [0.33, 0.66])
    return pd.Series(np.array(_CLASSES[task])[np.searchsorted(cuts, score)], dtype="str")


def _windows() -> Sample:
    """Return windows of three drawn monthly series, as the step `windows` makes them."""
    draw = np.random.default_rng(7)
    months = pd.date_range("2015-01-01", periods=72, freq="MS")
    season = 8 * np.sin(2 * np.pi * np.arange(72) / 12)
    values = [50 * (one + 1) + season + draw.normal(0, 2, 72) for one in range(3)]
    rows = pd.DataFrame(
        {
            "shop": pd.Series(np.repeat(["north", "south", "west"], 72), dtype="str"),
            "day": np.tile(months, 3),
            TARGET: np.concatenate(values),
        }
    )
    kinds: dict[str, ColumnType] = {"shop": "identifier", "day": "date"}
    columns = [Column(name=name, type=kind, declared=True, why="declared") for name, kind in kinds.items()]
    schema = TableSchema(problem=Problem(target=TARGET, task="forecast"), columns=columns)
    forecast = Forecast(history=24, horizon=3, frequency="month", parts=["month"])
    roles = Roles(TARGET, "day", "shop")
    panel = read_series(measured_by(rows, schema, roles), forecast).panel
    made = window_rows(panel, make_windows(panel, forecast.history, forecast.horizon), roles)
    schema = window_schema(schema, forecast, roles)
    train, validation = made.iloc[:80], made.iloc[90:]
    signature = fit_signature(train, schema)
    matrices = [make_matrix(one, signature, schema.problem) for one in (train, validation)]
    return Sample("forecast", made, signature, matrices[0], matrices[1])


def _numpy_state() -> str:
    with np.printoptions(threshold=10_000):
        return str(np.random.get_state(legacy=False))
