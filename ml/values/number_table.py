"""Columns that are numbers alone, as one array. Light: the service imports it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.values.by_column import ByColumn
from ml.values.numbers import Numbers


class NumberTable(Mapping[str, Numbers]):
    """Columns by name; one is made when it is asked for, for most of a request's work needs the array alone.

    Args:
        names: Of the columns.
        table: Their numbers, (columns, rows) float64, NaN where one is missing.
    """

    __slots__ = ("_places", "_rows", "names", "table")

    def __init__(self, names: Sequence[str], table: NDArray[np.float64]) -> None:
        self.names, self.table = names, table
        self._places: dict[str, int] = {}
        self._rows: ByColumn | None = None

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __getitem__(self, name: str) -> Numbers:
        if self._rows is None:
            self._places = {one: place for place, one in enumerate(self.names)}
            self._rows = ByColumn(dict(zip(self.names, self.table, strict=True)), self.table)
        place = self._places[name]
        return Numbers(self._rows, name, self.table[place], self.table, place)
