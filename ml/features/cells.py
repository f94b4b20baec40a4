"""Frames to plain cells, so that training and serving derive features from the same thing."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ml.features.tensors import as_tensors
from ml.forecasting.clock import offsets
from ml.text.cells import text_cells
from ml.validation.actions import Acting
from ml.values.columns import as_cells, as_timestamps
from ml.values.instants import written_with_offsets
from ml.values.tensor import as_json
from schemas.column_types import TEXT
from schemas.signature import Input, Signature, WindowDerivation


def cells(frame: pd.DataFrame, signature: Signature) -> dict[str, Sequence[Any]]:
    """Return the input columns as plain Python values: None for missing, points in time as ISO 8601 text in UTC.

    Origins of windows that are instants of a zone have their offset.

    Cells of arrays are `Tensor`s of the shape and type that their input has. Raises ContentError for others. What the
    service would clip or take for missing is so here, too.
    """
    found = {item.name: _cells(frame[item.name], item, signature.window) for item in signature.inputs}
    actions = Acting(signature)
    return actions.on(found)[0] if actions else found


def _cells(column: pd.Series, item: Input, window: WindowDerivation | None) -> Sequence[Any]:
    if item.shape is not None:
        return as_tensors(column, item)
    if item.type == TEXT:
        return text_cells(column)
    if window is not None and item.name == window.time and window.forecast.by_instant:
        return _instants(column, str(window.forecast.zone))
    return as_cells(column, item.type, item.dates, item.marks)


def _instants(column: pd.Series, zone: str) -> list[str]:
    """Return the origins of windows, which are times of a zone, with their offset."""
    instants = as_timestamps(column).to_numpy()
    found: list[str] = written_with_offsets(instants, offsets(instants, zone)).tolist()
    return found


def rows(frame: pd.DataFrame, signature: Signature) -> list[dict[str, Any]]:
    """Return the same row by row, as the instances of a request to the service."""
    columns = {name: [as_json(cell) for cell in column] for name, column in cells(frame, signature).items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
