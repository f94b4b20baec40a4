"""Whether the sets are alike: a split that follows some pattern in the rows measures something else than it trains.

The distance is the largest gap between cumulative shares for numbers and dates (Kolmogorov-Smirnov), the total
variation for categories. It counts only beyond what chance gives for sets of this size. Where groups stay together,
chance draws groups, not rows: the rows of one are alike, and together they count as one draw.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.checks.share import share_outcome
from ml.values.canonical import canonical
from ml.values.columns import as_booleans, as_cells, as_numbers, as_timestamps
from ml.values.counted import counted
from schemas.column_types import ColumnType
from schemas.data import Column, TableSchema
from schemas.evaluation import DataCheck
from schemas.table_checks import ShareCheck

Worth = tuple[float, float]
"""Independent draws per row in the two sets compared: 1, or groups per row."""
ALPHA = 0.01
"""Chance of a false alarm over all columns and sets together."""


def check_split_drift(
    sets: Mapping[str, pd.DataFrame],
    schema: TableSchema,
    bound: ShareCheck,
    *,
    time: str | None = None,
    group: str | None = None,
) -> list[DataCheck]:
    """Return one outcome for each column that differs between the sets, or one for the table when there is none.

    The column `time`, by which the rows were split, differs by construction and is not compared.
    """
    if bound.severity == "off":
        return []
    problem = schema.problem
    kind: ColumnType = "number" if problem.classes is None else "category"
    target = Column(name=problem.target, type=kind, declared=False, why="the target")
    columns = [column for column in schema.columns if column.type not in ("drop", "identifier")]
    columns = [column for column in columns if column.name != time] + [target]
    others = [name for name in sets if name != "train"]
    alpha = ALPHA / (len(columns) * len(others))
    worth = {name: 1.0 if group is None else rows[group].nunique() / len(rows) for name, rows in sets.items()}
    found, worst = [], (0.0, "")
    for column in counted(columns, "comparing the sets: column"):
        for other in others:
            draws = (worth["train"], worth[other])
            distance, chance = _distance(sets["train"], sets[other], column, alpha, draws)
            worst = max(worst, (distance, f"{column.name!r} between train and {other}"))
            if distance > max(bound.max, chance):
                text = (
                    f"column {column.name!r}: train and {other} differ by {distance:.2f}; {bound.max:.2f} is tolerated"
                )
                found.append(share_outcome("split_drift", column.name, bound, False, distance, text))
    if found:
        return found
    text = f"no difference beyond chance and {bound.max:.2f}; the largest is {worst[0]:.2f}, {worst[1]}"
    return [share_outcome("split_drift", None, bound, True, worst[0], text)]


def _distance(
    train: pd.DataFrame, other: pd.DataFrame, column: Column, alpha: float, worth: Worth
) -> tuple[float, float]:
    """Return the distance of a column between two sets, and how far it can come by chance."""
    if column.type == "category":
        return _total_variation(_labels(train[column.name]), _labels(other[column.name]), alpha, worth)
    left, right = _values(train[column.name], column), _values(other[column.name], column)
    shape = _kolmogorov_smirnov(left[~np.isnan(left)], right[~np.isnan(right)], alpha, worth)
    gaps = _total_variation(np.isnan(left), np.isnan(right), alpha, worth)
    return max(shape, gaps, key=lambda pair: pair[0] - pair[1])


def _values(column: pd.Series, declared: Column) -> NDArray[np.float64]:
    if declared.type == "boolean":
        return as_booleans(column)
    if declared.type == "date":
        timestamps = as_timestamps(column, declared.dates)
        return np.where(timestamps.isna(), np.nan, timestamps.astype("int64").astype(np.float64))
    return as_numbers(column, declared.marks)


def _labels(column: pd.Series) -> NDArray[np.object_]:
    return np.array(["" if cell is None else "=" + canonical(cell) for cell in as_cells(column, "category")], object)


def _kolmogorov_smirnov(
    left: NDArray[np.float64], right: NDArray[np.float64], alpha: float, worth: Worth
) -> tuple[float, float]:
    if not len(left) or not len(right):
        return 0.0, 0.0
    points = np.concatenate([left, right])
    below = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (left, right)]
    chance = math.sqrt(-math.log(alpha / 2) / 2 * _inverse_draws(len(left), len(right), worth))
    return float(np.abs(below[0] - below[1]).max()), chance


def _total_variation(left: NDArray[Any], right: NDArray[Any], alpha: float, worth: Worth) -> tuple[float, float]:
    """Return half the summed difference of the shares; chance stays below the second number (McDiarmid)."""
    if not len(left) or not len(right):
        return 0.0, 0.0
    places, values = pd.factorize(np.concatenate([left, right]))
    shares = [
        np.bincount(side, minlength=len(values)) / len(side) for side in (places[: len(left)], places[len(left) :])
    ]
    size = _inverse_draws(len(left), len(right), worth)
    chance = 0.5 * math.sqrt(len(values) * size) + math.sqrt(-math.log(alpha) * size / 2)
    return float(np.abs(shares[0] - shares[1]).sum() / 2), chance


def _inverse_draws(left: int, right: int, worth: Worth) -> float:
    return 1 / (left * worth[0]) + 1 / (right * worth[1])
