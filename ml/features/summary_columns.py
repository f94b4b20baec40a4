"""Tables in which what sums up arrays and texts stands in their place, for whoever looks at columns."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ml.features.summaries import is_single, summaries, summarized
from ml.features.tensors import as_tensors
from ml.text.cells import text_cells
from schemas.column_types import TEXT
from schemas.data import Column


def with_summaries(frame: pd.DataFrame, columns: Sequence[Column]) -> tuple[pd.DataFrame, list[Column]]:
    """Return rows and their columns; an array is the columns `NAME.mean` and others, a text `NAME.words` and others.

    Args:
        frame: Rows.
        columns: What is known of their columns.
    """
    large = [column for column in columns if not is_single(column)]
    if not large:
        return frame, list(columns)
    values = summarized({one.name: _cells(frame[one.name], one) for one in large}, large)
    looked_at = frame.drop(columns=[one.name for one in large]).assign(**values)
    found = [column for column in columns if is_single(column)]
    found += [
        Column(name=one.column, type=one.type, declared=False, why=f"sums up what {one.input!r} holds")
        for one in summaries(large, fitted=False)
    ]
    return looked_at, found


def _cells(column: pd.Series, declared: Column) -> Sequence[Any]:
    return text_cells(column) if declared.type == TEXT else as_tensors(column, declared)
