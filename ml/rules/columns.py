"""Raw cells as arrays that conditions compare: read once for each column, however many conditions ask for it.

The service imports this: NumPy and the schemas, nothing heavier.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.features.derive import Cell, boolean, number
from ml.predictions.predictor import Cells
from ml.values.canonical import canonical, parse_date
from schemas.column_types import ColumnType

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Texts:
    """Labels: the distinct texts (None is missing) and for every row the position of its own, int64 (rows,)."""

    distinct: list[str | None]
    places: NDArray[np.int64]

    def where(self, holds: Callable[[str], bool]) -> Mask:
        """Return for every row whether its text is there and `holds` is true; each distinct text is asked once."""
        asked = [text is not None and holds(text) for text in self.distinct]
        found: Mask = np.array(asked, dtype=np.bool_)[self.places]
        return found


class Table:
    """The columns of some rows, each read when it is first asked for."""

    def __init__(self, cells: Cells, types: dict[str, ColumnType]) -> None:
        self._cells, self._types = cells, types
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._timestamps: dict[str, NDArray[np.datetime64]] = {}
        self._texts: dict[str, Texts] = {}

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column of numbers, or of booleans as 1 and 0; missing is NaN."""
        if column not in self._numbers:
            cells = self._cells[column]
            self._numbers[column] = _numbers(cells, self._types[column])
        return self._numbers[column]

    def timestamps(self, column: str) -> NDArray[np.datetime64]:
        """Return a column of dates as datetime64[us] in UTC; missing is NaT."""
        if column not in self._timestamps:
            read = [None if cell is None else parse_date(str(cell)) for cell in self._cells[column]]
            self._timestamps[column] = np.array(read, dtype="datetime64[us]")
        return self._timestamps[column]

    def texts(self, column: str) -> Texts:
        """Return a column of labels in their canonical form."""
        if column not in self._texts:
            self._texts[column] = _texts(self._cells[column])
        return self._texts[column]


def _numbers(cells: Sequence[Cell], kind: ColumnType) -> NDArray[np.float64]:
    if kind == "boolean":
        return np.array([boolean(cell) for cell in cells], dtype=np.float64)
    try:
        return np.array(cells, dtype=np.float64)
    except OverflowError:  # an integer beyond float64
        return np.array([number(cell) for cell in cells], dtype=np.float64)


def _texts(cells: Sequence[Cell]) -> Texts:
    places: dict[str | None, int] = {}
    position = places.setdefault
    read = [position(cell if type(cell) is str else _label(cell), len(places)) for cell in cells]
    return Texts(list(places), np.array(read, dtype=np.int64))


def _label(cell: Cell) -> str | None:
    return None if cell is None or cell != cell else canonical(cell)
