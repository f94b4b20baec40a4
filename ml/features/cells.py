"""Frames to plain cells, so that training and serving derive features from the same thing."""

import pandas as pd

from ml.values.columns import Cell, as_cells
from schemas.signature import Signature


def cells(frame: pd.DataFrame, signature: Signature) -> dict[str, list[Cell]]:
    """Return the input columns as plain Python values: None for missing, points in time as ISO 8601 text in UTC."""
    return {item.name: as_cells(frame[item.name], item.type, item.dates, item.marks) for item in signature.inputs}


def rows(frame: pd.DataFrame, signature: Signature) -> list[dict[str, Cell]]:
    """Return the same row by row, as the instances of a request to the service."""
    columns = cells(frame, signature)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
