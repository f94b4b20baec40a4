"""Columns of text read as whole numbers, numbers or booleans where every value says so; the rest stays text.

The rule looks at all values, not at a sample, so that the same file always gives the same types. Numbers with leading
zeros and numbers beyond 64 bits are names of things, not quantities: they stay text.
"""

from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ml.io.text.number_format import NumberFormat, has
from ml.values.text import LEADING_ZERO
from schemas.column_names import LONGEST_COMPOSED

_BOOLEAN = r"(?i)^(true|false)$"
_WHOLE = r"^[+-]?[0-9]{1,18}$"


Kind = Literal["empty", "boolean", "whole", "number", "text"]


def typed(text: pa.ChunkedArray, number_format: NumberFormat) -> pd.Series:
    """Return trimmed text in its narrowest type: boolean, int64 or Int64 (with missing values), float64, else str."""
    facts = TypeFacts(number_format)
    facts.add(text)
    return converted(text, facts.kind, number_format, gaps=text.null_count > 0)


class TypeFacts:
    """Which type all values of a column of trimmed text have, added up over parts of the column."""

    def __init__(self, number_format: NumberFormat) -> None:
        self._format = number_format
        self._is_empty = self._are_booleans = self._are_numbers = self._are_whole = True
        self._has_fraction = False

    def add(self, text: pa.ChunkedArray) -> None:
        """Take more values into account."""
        if text.null_count == len(text):
            return
        self._is_empty = False
        self._are_booleans = self._are_booleans and _all(text, _BOOLEAN)
        if not self._are_numbers:
            return
        self._are_numbers = _all(text, self._format.pattern) and not has(text, LEADING_ZERO)
        if self._are_numbers:
            plain = plain_numbers(text, self._format)
            self._are_whole = self._are_whole and _all(plain, _WHOLE)
            self._has_fraction = self._has_fraction or has(plain, r"[.eEnN]")

    @property
    def are_numbers(self) -> bool:
        """Whether all of them write numbers, of any length."""
        return self._are_numbers

    @property
    def kind(self) -> Kind:
        """The narrowest type that holds all of them."""
        if self._is_empty:
            return "empty"
        if self._are_booleans:
            return "boolean"
        if self._are_numbers and (self._are_whole or self._has_fraction):
            return "whole" if self._are_whole else "number"
        return "text"


def converted(text: pa.ChunkedArray, kind: Kind, number_format: NumberFormat, *, gaps: bool) -> pd.Series:
    """Return trimmed text in a type that all of it has; `gaps` says whether the type must hold missing values."""
    if kind == "empty":
        return pd.Series(np.full(len(text), np.nan))
    if kind == "boolean":
        return pd.Series(pc.equal(pc.utf8_lower(text), "true").to_pylist(), dtype="boolean" if gaps else "bool")
    if kind == "text":
        return pd.Series(text.to_pylist(), dtype="str")
    plain = plain_numbers(text, number_format)
    if kind == "whole":
        return pd.Series(whole_numbers(plain).to_pylist(), dtype="Int64" if gaps else "int64")
    return pd.Series([np.nan if value is None else float(value) for value in plain.to_pylist()])


def whole_numbers(plain: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return plain text of whole numbers as int64."""
    return pc.cast(pc.ascii_ltrim(plain, "+"), pa.int64())


def composed_text(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return trimmed text with composed letters, as `ml.values.text.normal` has it."""
    short = pc.less_equal(pc.utf8_length(text), LONGEST_COMPOSED)
    return pc.if_else(short, pc.utf8_normalize(pc.if_else(short, text, ""), "NFC"), text)


def plain_numbers(text: pa.ChunkedArray, number_format: NumberFormat) -> pa.ChunkedArray:
    """Return text of numbers as programs write them, with a point and without marks between thousands."""
    plain = pc.replace_substring(text, number_format.thousands, "") if number_format.thousands else text
    return plain if number_format.decimal == "." else pc.replace_substring(plain, number_format.decimal, ".")


def _all(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(column, pattern)).as_py())
