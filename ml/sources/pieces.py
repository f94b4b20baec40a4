"""A source's rows in pieces, for tables that do not fit in memory."""

from collections.abc import Iterator

import pandas as pd

from ml.components import Source


def pieces(source: Source, rows: int) -> Iterator[pd.DataFrame]:
    """Yield all rows in order, at most `rows` at a time and with equal dtypes.

    A source without `pieces` of its own is read whole and sliced.

    Raises:
        ContentError: When the rows cannot be read; also after the first pieces.
    """
    own = getattr(source, "pieces", None)
    if own is not None:
        yield from own(rows)
        return
    table = source.read()
    for start in range(0, len(table), rows):
        yield table.iloc[start : start + rows].reset_index(drop=True)
