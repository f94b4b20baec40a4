"""Columns that nobody asked to be read: typed where that loses nothing, else the text that stands in the file.

An empty cell is missing. So is a word for missing, such as NA, among numbers or booleans; in a text it may be a name,
and stays.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ml.io.text.number_format import NumberFormat
from ml.io.text.types import Kind, TypeFacts, plain_numbers
from ml.values.columns import with_infinities
from ml.values.text import read_number
from schemas.reading import Marks

_WHOLE = "^(0|-?[1-9][0-9]*)$"
_BOOLEAN = "^(true|false)$"
_INTEGER = "^[+-]?[0-9]+$"


class ColumnFacts:
    """Which type a column has as a number format reads it, and whether typing loses nothing, added up over its parts.

    Args:
        number_format: How its numbers are written.
        missing: The texts that mean that a value is missing.
        is_known: Whether its typed reading is meant, so that nobody asks whether it loses anything.
    """

    def __init__(self, number_format: NumberFormat, missing: Sequence[str], *, is_known: bool) -> None:
        self._format, self._is_known = number_format, is_known
        self._types = TypeFacts(number_format)
        marks = (number_format.decimal, number_format.thousands)
        self._words = [number for word in missing if (number := read_number(word, *marks)) is not None]
        self._gaps = self._has_values = False
        self._is_blank = True
        self._prints: dict[Kind, bool] = {"boolean": True, "whole": True, "number": True, "text": True}

    def add(self, text: pa.ChunkedArray, cells: pa.ChunkedArray) -> None:
        """Take more values into account: trimmed text, of which words for missing are null, and the cells as such."""
        self._types.add(text)
        kind = self._types.kind
        gone = self._gone(text, kind)
        self._gaps = self._gaps or text.null_count > 0 or bool(pc.any(gone).as_py())
        if self._is_known:
            return
        there = pc.and_not(pc.is_valid(text), gone)
        self._has_values = self._has_values or bool(pc.any(there).as_py())
        self._is_blank = self._is_blank and bool(pc.all(pc.equal(cells, "")).as_py())
        shown = pc.if_else(there, text, pa.scalar("", text.type))
        self._prints["text"] = self._prints["text"] and bool(pc.all(pc.equal(shown, cells)).as_py())
        self._note_printed(text.filter(there), cells.filter(there))

    @property
    def kind(self) -> Kind:
        """Its type."""
        return self._types.kind

    @property
    def gaps(self) -> bool:
        """Whether a value is missing."""
        return self._gaps

    @property
    def is_typed(self) -> bool:
        """Whether it is kept with its type: that is meant, or all its values print as their cells stand."""
        if self._is_known:
            return True
        if self.kind in ("empty", "text"):
            return self._prints["text"]
        return self._prints[self.kind] if self._has_values else self._is_blank

    def _gone(self, text: pa.ChunkedArray, kind: Kind) -> pa.ChunkedArray:
        """Return which values are numbers that mean that a value is missing."""
        if not self._words or kind in ("empty", "boolean"):
            return pa.chunked_array([pa.array(np.zeros(len(text), dtype=np.bool_))])
        marks = Marks(self._format.decimal, self._format.thousands)
        numbers = with_infinities(pd.Series(text.to_pylist(), dtype="str"), marks)
        return pa.chunked_array([pa.array(np.isin(numbers, self._words))])

    def _note_printed(self, text: pa.ChunkedArray, cells: pa.ChunkedArray) -> None:
        """Note which types would print values, of which none is missing, as their cells stand."""
        prints = self._prints
        prints["boolean"] = prints["boolean"] and _all(cells, _BOOLEAN)
        prints["whole"] = prints["whole"] and _all(cells, _WHOLE)
        prints["number"] = prints["number"] and self._types.are_numbers and not _any(cells, _INTEGER)
        if prints["number"]:
            pairs = zip(plain_numbers(text, self._format).to_pylist(), cells.to_pylist(), strict=True)
            prints["number"] = all(str(float(plain)) == cell for plain, cell in pairs)


def _all(cells: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(cells, pattern)).as_py())


def _any(cells: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, pattern)).as_py())
