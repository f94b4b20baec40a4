"""Rows grouped by one column: quantile bins of numbers, periods of dates, the most frequent labels, and the gaps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.explore.bars import FEW, ranked
from ml.explore.calendar import periods
from ml.explore.typed_column import Reading
from ml.values.display import readable
from schemas.numbers import shown

BINS = 10
MISSING = "missing"


@dataclass(frozen=True)
class Levels:
    """`codes`, int64 (rows,), is each row's position in `names`; the last name is that of the gaps when `gaps`."""

    codes: NDArray[np.int64]
    names: list[str]
    gaps: bool


def levels(reading: Reading, most: int) -> Levels:
    """Group the rows by a column; labels beyond the `most` frequent ones are one group."""
    missing = reading.missing
    known = ~missing
    codes = np.zeros(len(missing), dtype=np.int64)
    names: list[str] = []
    if known.any():
        codes[known], names = _known(reading, known, most)
    if missing.any():
        codes[missing] = len(names)
        names = [*names, MISSING]
    return Levels(codes, names, bool(missing.any()))


def _known(reading: Reading, known: NDArray[np.bool_], most: int) -> tuple[NDArray[np.int64], list[str]]:
    if reading.numbers is not None:
        numbers = reading.numbers[known]
        return periods(numbers) if reading.column.type == "date" else _bins(numbers)
    assert reading.codes is not None
    if reading.column.type == "boolean":
        return reading.codes[known], reading.labels
    return _labels(reading.codes[known], reading.labels, most)


def _bins(numbers: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[str]]:
    distinct = np.unique(numbers)
    if len(distinct) <= FEW:
        return np.searchsorted(distinct, numbers).astype(np.int64), [shown(value) for value in distinct.tolist()]
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, BINS + 1), method="lower"))
    # Many equal values give equal edges, and so fewer bins; the smallest value has a bin of its own then.
    codes = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, max(len(edges) - 2, 0))
    return _compact(codes.astype(np.int64), numbers)


def _compact(codes: NDArray[np.int64], numbers: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[str]]:
    """Number the bins in use without holes and name each by its smallest and largest value."""
    used, codes = np.unique(codes, return_inverse=True)
    names = []
    for bin_ in range(len(used)):
        inside = numbers[codes == bin_]
        low, high = shown(float(inside.min())), shown(float(inside.max()))
        names.append(low if low == high else f"{low} to {high}")
    return codes.astype(np.int64), names


def _labels(codes: NDArray[np.int64], labels: list[str], most: int) -> tuple[NDArray[np.int64], list[str]]:
    counts = np.bincount(codes, minlength=len(labels))
    order = ranked(counts, labels)
    kept = order[:most] if len(order) > most + 1 else order
    place = np.full(len(labels), len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    names = [readable(labels[code]) for code in kept]
    rest = len(order) - len(kept)
    return place[codes], [*names, f"{rest:,} other values"] if rest else names
