"""A column of numbers as a request gave them, and as one array. Light: the service imports it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Number = int | float | None


class Numbers(Sequence[Number]):
    """What rows have in one column, with the same numbers as an array beside it: of many rows few read the former.

    Args:
        rows: The rows.
        name: The column.
        array: Its numbers, (n,) float64, NaN where one is missing.
    """

    __slots__ = ("_name", "_rows", "array")

    def __init__(self, rows: Sequence[Mapping[str, Any]], name: str, array: NDArray[np.float64]) -> None:
        self._rows, self._name, self.array = rows, name, array

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Number]:
        return (row.get(self._name) for row in self._rows)

    @overload
    def __getitem__(self, place: int) -> Number: ...

    @overload
    def __getitem__(self, place: slice) -> "Numbers": ...

    def __getitem__(self, place: int | slice) -> "Number | Numbers":
        if isinstance(place, slice):
            return Numbers(self._rows[place], self._name, self.array[place])
        value: Number = self._rows[place].get(self._name)
        return value
