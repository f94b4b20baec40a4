"""A source's rows in chunks, for tables that do not fit in memory."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import pandas as pd

from ml.components import Source


class Chunk(NamedTuple):
    """The same rows three times: to predict them, to show them, and to keep them."""

    values: pd.DataFrame
    """As a model reads them."""
    cells: pd.DataFrame
    """As they stand in the source: the text of a text file, else what is stored, in its own type."""
    kept: pd.DataFrame
    """For an output with types: what is stored in its own type, and a text file's cells where typing changes none."""


def chunks(source: Source, rows: int) -> Iterator[pd.DataFrame]:
    """Yield all rows in order, at most `rows` at a time and with equal dtypes.

    A source without `chunks` of its own is read whole and sliced.

    Raises:
        ContentError: When the rows cannot be read; also after the first chunks.
    """
    own = getattr(source, "chunks", None)
    if own is not None:
        yield from own(rows)
        return
    table = source.read()
    for start in range(0, len(table), rows):
        yield table.iloc[start : start + rows].reset_index(drop=True)


def chunks_as_stored(source: Source, rows: int, known: Collection[str]) -> Iterator[Chunk]:
    """Yield all rows in order, at most `rows` at a time, also as the source holds them; `known` are a model's columns.

    What a source without `chunks_as_stored` of its own reads is taken for what it holds.

    Raises:
        ContentError: When the rows cannot be read; also after the first chunks.
    """
    own = getattr(source, "chunks_as_stored", None)
    if own is not None:
        yield from own(rows, known)
        return
    for frame in chunks(source, rows):
        yield Chunk(frame, frame, frame)
