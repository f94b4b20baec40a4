"""One column of the training rows as its type reads it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.values.canonical import canonical
from ml.values.columns import as_booleans, as_cells, as_numbers, as_timestamps
from schemas.data import Column

_DAY = 86_400_000_000
BOOLEANS = ["false", "true"]


@dataclass(frozen=True)
class Reading:
    """A column read as numbers, dates or labels; what does not fit its type counts as missing.

    `numbers`, float64 (rows,): numbers, and dates as days since 1970 in UTC; NaN where missing, None for labels.
    `codes`, int64 (rows,): the position in `labels`, -1 where missing; None for numbers and dates.
    """

    column: Column
    numbers: NDArray[np.float64] | None
    codes: NDArray[np.int64] | None
    labels: list[str]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows have no value, (rows,)."""
        if self.numbers is not None:
            return np.isnan(self.numbers)
        assert self.codes is not None
        return self.codes < 0


def read(values: pd.Series, column: Column) -> Reading:
    """Read a column's values; a dropped column is read as labels."""
    match column.type:
        case "number":
            return Reading(column, as_numbers(values, column.marks), None, [])
        case "date":
            return Reading(column, _days(as_timestamps(values, column.dates)), None, [])
        case "boolean":
            known = as_booleans(values)
            return Reading(column, None, np.where(np.isnan(known), -1, known).astype(np.int64), BOOLEANS)
        case _:
            codes, labels = label_codes(values)
            return Reading(column, None, codes, labels)


def label_codes(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Return each row's position among the column's labels, -1 where missing, and the labels (see `canonical`)."""
    first, distinct = pd.factorize(values)
    cells = as_cells(pd.Series(distinct), "category")
    second, labels = pd.factorize(np.array(["" if cell is None else canonical(cell) for cell in cells], dtype="object"))
    codes = np.where(first < 0, -1, second[first] if len(second) else -1).astype(np.int64)
    return codes, [str(label) for label in labels]


def _days(timestamps: pd.Series) -> NDArray[np.float64]:
    ticks = timestamps.astype("int64").to_numpy(dtype=np.float64)
    return np.where(timestamps.isna().to_numpy(dtype=bool), np.nan, ticks / _DAY)
