"""Columns of text read as whole numbers, numbers or booleans where every value says so; the rest stays text.

The rule looks at all values, not at a sample, so that the same file always gives the same types. Numbers with leading
zeros and numbers beyond 64 bits are names of things, not quantities: they stay text.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ml.io.text.number_format import NumberFormat, has
from ml.values.text import LEADING_ZERO
from schemas.column_names import LONGEST_COMPOSED

_BOOLEAN = r"(?i)^(true|false)$"
_WHOLE = r"^[+-]?[0-9]{1,18}$"


def typed(text: pa.ChunkedArray, number_format: NumberFormat) -> pd.Series:
    """Return trimmed text in its narrowest type: boolean, int64 or Int64 (with missing values), float64, else str."""
    if text.null_count == len(text):
        return pd.Series(np.full(len(text), np.nan))
    if _all(text, _BOOLEAN):
        return _with_missing(pc.equal(pc.utf8_lower(text), "true"), "bool", "boolean")
    matches = pc.match_substring_regex(text, number_format.pattern)
    if not pc.any(matches).as_py() or has(text, LEADING_ZERO):
        return pd.Series(text.to_pylist(), dtype="str")
    plain = _plain(text, number_format)
    if not pc.all(matches).as_py():
        return pd.Series(text.to_pylist(), dtype="str")
    if _all(plain, _WHOLE):
        return _with_missing(pc.cast(pc.ascii_ltrim(plain, "+"), pa.int64()), "int64", "Int64")
    if has(plain, r"[.eEnN]"):
        return pd.Series([np.nan if value is None else float(value) for value in plain.to_pylist()])
    return pd.Series(text.to_pylist(), dtype="str")


def composed_text(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return trimmed text with composed letters, as `ml.values.text.normal` has it."""
    short = pc.less_equal(pc.utf8_length(text), LONGEST_COMPOSED)
    return pc.if_else(short, pc.utf8_normalize(pc.if_else(short, text, ""), "NFC"), text)


def _plain(text: pa.ChunkedArray, number_format: NumberFormat) -> pa.ChunkedArray:
    plain = pc.replace_substring(text, number_format.thousands, "") if number_format.thousands else text
    return plain if number_format.decimal == "." else pc.replace_substring(plain, number_format.decimal, ".")


def _all(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(column, pattern)).as_py())


def _with_missing(column: pa.ChunkedArray, plain: str, nullable: str) -> pd.Series:
    return pd.Series(column.to_pylist(), dtype=nullable if column.null_count else plain)
