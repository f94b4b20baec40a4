"""Frames to plain cells, so that training and serving derive features from the same thing."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ml.features.tensors import as_tensors
from ml.values.columns import as_cells
from ml.values.tensor import as_json
from schemas.signature import Input, Signature


def cells(frame: pd.DataFrame, signature: Signature) -> dict[str, Sequence[Any]]:
    """Return the input columns as plain Python values: None for missing, points in time as ISO 8601 text in UTC.

    Cells of arrays are `Tensor`s of the shape and type that their input has. Raises ContentError for others.
    """
    return {item.name: _cells(frame[item.name], item) for item in signature.inputs}


def _cells(column: pd.Series, item: Input) -> Sequence[Any]:
    if item.shape is not None:
        return as_tensors(column, item)
    return as_cells(column, item.type, item.dates, item.marks)


def rows(frame: pd.DataFrame, signature: Signature) -> list[dict[str, Any]]:
    """Return the same row by row, as the instances of a request to the service."""
    columns = {name: [as_json(cell) for cell in column] for name, column in cells(frame, signature).items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
