"""A column of numbers as a request gave them, and as one array. Light: the service imports it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ml.values.by_column import ByColumn

Number = int | float | None


class Numbers(Sequence[Number]):
    """What rows have in one column, with the same numbers as an array beside it: of many rows few read the former.

    Args:
        rows: The rows.
        name: The column.
        array: Its numbers, (n,) float64, NaN where one is missing.
        table: Several such columns, (columns, n), of which this is one; None: it stands alone.
        place: Which one.
    """

    __slots__ = ("_name", "_rows", "array", "place", "table")

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        name: str,
        array: NDArray[np.float64],
        table: NDArray[np.float64] | None = None,
        place: int = 0,
    ) -> None:
        self._rows, self._name, self.array, self.table, self.place = rows, name, array, table, place

    def replaced(self, numbers: Mapping[int, Number]) -> "Numbers":
        """Return the column with other numbers in some places; the rows that are not concerned are the same ones."""
        rows, array = list(self._rows), self.array.copy()
        for place, number in numbers.items():
            rows[place] = {**rows[place], self._name: number}
            array[place] = np.nan if number is None else number
        return Numbers(rows, self._name, array)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Number]:
        if isinstance(self._rows, ByColumn):
            return iter(self._rows.values(self._name))
        return (row.get(self._name) for row in self._rows)

    @overload
    def __getitem__(self, place: int) -> Number: ...

    @overload
    def __getitem__(self, place: slice) -> "Numbers": ...

    def __getitem__(self, place: int | slice) -> "Number | Numbers":
        if isinstance(place, slice):
            return Numbers(self._rows[place], self._name, self.array[place])
        if isinstance(self._rows, ByColumn):
            found: Number = self._rows.value(self._name, place)
            return found
        value: Number = self._rows[place].get(self._name)
        return value


def as_table(columns: Sequence[Any]) -> NDArray[np.float64] | None:
    """Return columns of numbers as a table, (columns, rows), shared with others; None where one is no such."""
    if set(map(type, columns)) != {Numbers}:
        return None
    table = columns[0].table
    is_whole = table is not None and len(table) == len(columns)
    if is_whole and all(column.table is table and column.place == place for place, column in enumerate(columns)):
        return table  # type: ignore[no-any-return]
    return np.array([column.array for column in columns], dtype=np.float64)
