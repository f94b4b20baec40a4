"""Tables in which the numbers of arrays stand in the place of the arrays, for whoever looks at columns."""

from collections.abc import Sequence

import pandas as pd

from ml.features.summaries import summaries, summarized
from ml.features.tensors import as_tensors
from schemas.data import Column


def with_summaries(frame: pd.DataFrame, columns: Sequence[Column]) -> tuple[pd.DataFrame, list[Column]]:
    """Return rows and their columns; an array is the columns `NAME.mean` and so on, numbers all of them.

    Args:
        frame: Rows.
        columns: What is known of their columns.
    """
    arrays = [column for column in columns if column.shape is not None]
    if not arrays:
        return frame, list(columns)
    numbers = summarized({one.name: as_tensors(frame[one.name], one) for one in arrays}, arrays)
    looked_at = frame.drop(columns=[one.name for one in arrays]).assign(**numbers)
    found = [column for column in columns if column.shape is None]
    found += [
        Column(name=one.column, type=one.type, declared=False, why=f"a number that sums up the array {one.input!r}")
        for one in summaries(arrays)
    ]
    return looked_at, found
