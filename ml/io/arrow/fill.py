"""A frame filled chunk by chunk in place, so that no second copy of its numbers is ever held."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ml.io.arrow.frames import TIMESTAMP, frame

_STORED = {
    pa.bool_(): np.bool_,
    pa.int64(): np.int64,
    pa.uint64(): np.uint64,
    pa.float64(): np.float64,
    TIMESTAMP: "datetime64[us]",
}
_ZERO = {pa.bool_(): False, pa.int64(): 0, pa.uint64(): 0}


class Filling:
    """Columns of known plain types and a known number of rows."""

    def __init__(self, types: dict[str, pa.DataType], rows: int) -> None:
        self._types = types
        self._filled = 0
        self._others: dict[str, list[pa.Array]] = {name: [] for name, kind in types.items() if kind not in _STORED}
        self._values = {name: np.empty(rows, _STORED[kind]) for name, kind in types.items() if kind in _STORED}
        self._missing: dict[str, NDArray[np.bool_]] = {}

    def add(self, columns: dict[str, pa.Array]) -> None:
        """Put the next rows in."""
        begin, end = self._filled, self._filled + len(next(iter(columns.values())))
        for name, column in columns.items():
            if name in self._others:
                self._others[name].append(column)
                continue
            zero = _ZERO.get(self._types[name])
            if zero is not None and column.null_count:
                missing = self._missing.setdefault(name, np.zeros(len(self._values[name]), dtype=bool))
                missing[begin:end] = pc.is_null(column).to_numpy(zero_copy_only=False)
                column = column.fill_null(zero)
            self._values[name][begin:end] = column.to_numpy(zero_copy_only=False)
        self._filled = end

    def frame(self) -> pd.DataFrame:
        """Return the rows; whole numbers and booleans have types with missing values only where some are missing."""
        return pd.DataFrame({name: self._column(name) for name in self._types}, copy=False)

    def _column(self, name: str) -> pd.Series:
        if name in self._others:  # text, and arrays
            return frame({name: pa.chunked_array(self._others.pop(name), self._types[name])}, gaps=False)[name]
        values, missing = self._values.pop(name)[: self._filled], self._missing.pop(name, None)
        if missing is None:
            return pd.Series(values)
        array = pd.arrays.BooleanArray if values.dtype == np.bool_ else pd.arrays.IntegerArray
        return pd.Series(array(values, missing[: self._filled]))
