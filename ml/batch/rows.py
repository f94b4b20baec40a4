"""Rows of a table as a client of the service would send them, what cannot be read included."""

import re
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from ml.values.canonical import canonical
from ml.values.columns import as_cells
from schemas.signature import Input, Signature

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


def raw_rows(frame: pd.DataFrame, signature: Signature) -> list[dict[str, Any]]:
    """Return a row of plain JSON values for each row of the frame, for the validation of rows.

    A value that cannot be read as its column's type stays as it is, so that exactly its row is refused. Columns that
    the model does not take are left out; so are those that the table does not have.
    """
    given = [item for item in signature.inputs if item.name in frame.columns]
    labels = signature.known_values()
    names = [item.name for item in given]
    columns = [_labelled(_values(frame[item.name], item), labels.get(item.name, ())) for item in given]
    if not columns:
        return [{} for _ in range(len(frame))]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def plain(value: Any) -> Any:
    """Return a cell as JSON has it: numbers, booleans and text as they are, null for missing, else text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _values(column: pd.Series, item: Input) -> list[Any]:
    cells: list[Any] = as_cells(column, item.type, item.format)
    there = column.notna().to_numpy(dtype=bool)
    unread = [position for position in np.flatnonzero(there).tolist() if cells[position] is None]
    for position in unread:
        cells[position] = plain(column.iloc[position])
    return cells


def _labelled(cells: list[Any], known: Collection[str]) -> list[Any]:
    """Return labels under the text that the model knows them by.

    A table decides how a column is read by all its values: one word more or less, and 1.0 is the text "1.0" here where
    it was the number 1 in training. Names with leading zeros are no numbers and stay.
    """
    by_value = {value: text for text in reversed(list(known)) if (value := _value(text)) is not None}
    if not by_value:
        return cells
    texts, found = frozenset(known), dict[Any, Any]()

    def label(cell: Any) -> Any:
        text = canonical(cell)
        value = None if text in texts else _value(text)
        return cell if value is None else by_value.get(value, cell)

    for cell in cells:
        if cell is not None and (type(cell), cell) not in found:
            found[type(cell), cell] = label(cell)
    return [None if cell is None else found[type(cell), cell] for cell in cells]


def _value(text: str) -> tuple[str, float] | None:
    """Return what a label says if it is a number or a truth value."""
    if _PLAIN_NUMBER.fullmatch(text):
        return "number", float(text)
    return ("boolean", float(text.lower() == "true")) if text.lower() in ("true", "false") else None
