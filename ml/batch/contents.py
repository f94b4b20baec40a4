"""What stands in rows, as JSON has it."""

import math
from typing import Any

import pandas as pd

from ml.batch.rows import plain


def contents(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows with all their columns as JSON has them, which knows neither NaN nor infinity."""
    names = [str(name) for name in frame.columns]
    columns = [[_json(value) for value in frame[name].astype("object").tolist()] for name in frame.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _json(value: Any) -> Any:
    cell = plain(value)
    if isinstance(cell, list):
        return [_json(one) for one in cell]
    if not isinstance(cell, float) or math.isfinite(cell):
        return cell
    return None if math.isnan(cell) else str(cell)
