"""Rows of a table as a client of the service would send them, what cannot be read included."""

import json
from typing import Any

import numpy as np
import pandas as pd

from ml.values.columns import as_cells, is_timestamp
from ml.values.tensor import Tensor, as_json, is_nested
from schemas.column_names import composed
from schemas.errors import ContentError
from schemas.signature import Input, Signature


def raw_rows(frame: pd.DataFrame, signature: Signature) -> list[dict[str, Any]]:
    """Return a row of plain JSON values for each row of the frame, for the validation of rows.

    Text stays text: it is read there, as the service reads it. Columns that the model does not take are left out; so
    are those that the table does not have.
    """
    stored = {composed(str(name)): name for name in frame.columns}
    if len(stored) < len(frame.columns):
        raise ContentError("column names must be unique, but some differ in the form of their letters only")
    given = [item for item in signature.inputs if composed(item.name) in stored]
    if not given:
        return [{} for _ in range(len(frame))]
    names = [item.name for item in given]
    columns = [_values(frame[stored[composed(item.name)]], item) for item in given]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def plain(value: Any) -> Any:
    """Return a cell as JSON has it: numbers, booleans and text as they are, null for missing, else text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Tensor | list):
        return as_json(value)
    if isinstance(value, float):
        return None if value != value else value
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _values(column: pd.Series, item: Input) -> list[Any]:
    if item.shape is not None:
        return [value if is_nested(value) else plain(value) for value in column.tolist()]
    if is_timestamp(column):
        if item.timezone is not None or item.offsets:
            raise ContentError(
                f"column {item.name!r} holds points in time, of which nobody knows the place; the model takes the time "
                f"of {item.timezone or 'each UTC offset'}, as text"
            )
        return list(as_cells(column, "date"))
    if item.type == "number" and pd.api.types.is_bool_dtype(column.dtype):
        return list(as_cells(column, "number"))
    return [plain(value) for value in column.astype("object").tolist()]


def without_tensors(frame: pd.DataFrame, *, as_lists: bool) -> pd.DataFrame:
    """Return a frame in which arrays are nested lists, or their JSON text."""
    held = [name for name in frame.columns if frame[name].dtype == object and frame[name].map(is_nested).any()]
    for name in held:
        lists = [as_json(cell) for cell in frame[name]]
        cells = lists if as_lists else [None if cell is None else json.dumps(cell) for cell in lists]
        frame = frame.assign(**{str(name): pd.Series(cells, dtype="object", index=frame.index)})
    return frame
