"""Columns of arrays: how the cells of a table become them."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd

from ml.values.tensor import NoTensor, Tensor, is_nested, parsed, read_any
from ml.values.tensor_form import form_of
from schemas.data import Column
from schemas.errors import ContentError
from schemas.signature import Input

_SHOWN = 3


def with_tensors(frame: pd.DataFrame, declared: Collection[str]) -> pd.DataFrame:
    """Return rows in which nested lists are arrays, those of one column of one type.

    Args:
        frame: All rows.
        declared: Columns that hold arrays; a text file or a database may have them as JSON text.

    Raises:
        ContentError: Naming every column with cells that are no arrays.
    """
    faults: list[str] = []
    for name in frame.columns:
        column = frame[name]
        if name in declared or (column.dtype == object and is_nested(_first(column))):
            try:
                frame = frame.assign(**{str(name): _of_one_type(_read_all(str(name), column))})
            except ContentError as error:
                faults.append(str(error))
    if faults:
        raise ContentError("\n".join(faults))
    return frame


def as_tensors(column: pd.Series, item: Input | Column) -> list[Tensor | None]:
    """Return the cells of a column as arrays of the shape and type that it has. Raises ContentError."""
    form = form_of(item)
    return _cells(item.name, column, form.read)


def _first(column: pd.Series) -> Any:
    return next((one for one in column if one is not None), None)


def _read_all(name: str, column: pd.Series) -> list[Tensor | None]:
    if all(cell is None or isinstance(cell, Tensor) for cell in column):
        return list(column)
    return _cells(name, column, lambda value: read_any(parsed(value) if isinstance(value, str) else value))


def _cells(name: str, column: pd.Series, read: Callable[[Any], Tensor]) -> list[Tensor | None]:
    cells: list[Tensor | None] = []
    wrong: list[str] = []
    for row, value in enumerate(column.tolist(), start=1):
        try:
            cells.append(None if _is_missing(value) else read(value))
        except NoTensor as error:
            wrong.append(f"row {row} {error}")
            cells.append(None)
    if wrong:
        more = f" (and {len(wrong) - _SHOWN:,} more)" if len(wrong) > _SHOWN else ""
        raise ContentError(f"column {name!r} does not hold arrays in every row: {'; '.join(wrong[:_SHOWN])}{more}")
    return cells


def _is_missing(value: Any) -> bool:
    return not is_nested(value) and (value is None or value == "" or pd.isna(value))


def _of_one_type(cells: list[Tensor | None]) -> pd.Series:
    kinds = {cell.array.dtype for cell in cells if cell is not None}
    if len(kinds) > 1:
        common = np.result_type(*kinds)
        cells = [None if cell is None else Tensor(cell.array.astype(common)) for cell in cells]
    return pd.Series(cells, dtype=object)
