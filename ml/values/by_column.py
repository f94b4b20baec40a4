"""Rows that came column by column. Light: the service imports it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ml.values.tensor import Tensor

Column = Sequence[Any] | NDArray[Any]


class ByColumn(Sequence[dict[str, Any]]):
    """The rows of a table as its columns; a row is made when it is asked for, of the values as JSON would have them.

    Args:
        columns: By name, all as long as there are rows, at least one: a sequence of what stands in each row, None where
            nothing does, or an array, (rows,) of whole numbers, booleans or float64, NaN where one is missing, or
            (rows, …) of arrays.
        table: All of them as one, (columns, rows) float64, where they are numbers that came together.
    """

    def __init__(self, columns: Mapping[str, Column], table: NDArray[np.float64] | None = None) -> None:
        self.columns, self.table = dict(columns), table

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        columns = [values_of(column) for column in self.columns.values()]
        return (dict(zip(self.columns, row, strict=True)) for row in zip(*columns, strict=True))

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> "ByColumn": ...

    def __getitem__(self, place: int | slice) -> "dict[str, Any] | ByColumn":
        if isinstance(place, slice):
            return ByColumn({name: column[place] for name, column in self.columns.items()})
        return {name: _value(column, place) for name, column in self.columns.items()}

    def chosen(self, places: Sequence[int]) -> "ByColumn":
        """Return some of the rows."""
        return ByColumn(
            {
                name: column[list(places)] if isinstance(column, np.ndarray) else [column[place] for place in places]
                for name, column in self.columns.items()
            }
        )

    def value(self, name: str, place: int) -> Any:
        """Return one value as JSON would have it."""
        return _value(self.columns[name], place)

    def values(self, name: str) -> Sequence[Any]:
        """Return one column as JSON would have it."""
        return values_of(self.columns[name])


def _value(column: Column, place: int) -> Any:
    if not isinstance(column, np.ndarray):
        return column[place]
    return values_of(column[place : place + 1])[0] if column.ndim > 1 else _plain(column[place])


def _plain(number: Any) -> Any:
    value = number.item()
    return value if value == value else None


def values_of(column: Column) -> Sequence[Any]:
    """Return what stands in each row: None for NaN, arrays as `Tensor`s."""
    if not isinstance(column, np.ndarray):
        return column
    if column.ndim > 1:
        return [Tensor(one) for one in column]
    if column.dtype.kind != "f":
        return list(column.tolist())
    numbers: list[float] = column.tolist()
    return [None if number != number else number for number in numbers]
