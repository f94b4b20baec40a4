"""Columns of text read as whole numbers, numbers or booleans where every value says so; the rest stays text.

The rule looks at all values, not at a sample, so that the same file always gives the same types. Numbers with leading
zeros and numbers beyond 64 bits are names of things, not quantities: they stay text.
"""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_BOOLEAN = r"(?i)^(true|false)$"
_LEADING_ZERO = r"^[+-]?0[0-9]"
_WHOLE = r"^[+-]?[0-9]{1,18}$"
_INFINITE = r"[iI]nf|[iI]nfinity|INF|INFINITY"


def typed(column: pa.ChunkedArray, decimal: str, thousands: str | None) -> pd.Series:
    """Return a text column in its narrowest type: boolean, int64 or Int64 (with missing values), float64, else str."""
    text = pc.utf8_trim_whitespace(column)
    if text.null_count == len(text):
        return pd.Series(np.full(len(text), np.nan))
    if _all(text, _BOOLEAN):
        return _with_missing(pc.equal(pc.utf8_lower(text), "true"), "bool", "boolean")
    if _all(text, number_pattern(decimal, thousands)) and not _any(text, _LEADING_ZERO):
        plain = pc.replace_substring(text, thousands, "") if thousands else text
        plain = pc.replace_substring(plain, decimal, ".") if decimal != "." else plain
        if _all(plain, _WHOLE):
            return _with_missing(pc.cast(pc.ascii_ltrim(plain, "+"), pa.int64()), "int64", "Int64")
        if _any(plain, r"[.eEnN]"):
            return pd.Series([np.nan if value is None else float(value) for value in plain.to_pylist()])
    return pd.Series(text.to_pylist(), dtype="str")


def number_pattern(decimal: str, thousands: str | None) -> str:
    """Return the regular expression of a number in this notation."""
    whole = r"[0-9]+" if not thousands else rf"(?:[0-9]+|[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+)"
    point = re.escape(decimal)
    return rf"^[+-]?(?:(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?|{_INFINITE})$"


def decimal_mark(columns: list[pa.ChunkedArray]) -> str:
    """Return "," when some column is all numbers with decimal commas and none is with points, else "."."""
    if any(_fraction(column, ".") for column in columns):
        return "."
    return "," if any(_fraction(column, ",") for column in columns) else "."


def _fraction(column: pa.ChunkedArray, mark: str) -> bool:
    text = pc.utf8_trim_whitespace(column)
    return text.null_count < len(text) and _all(text, number_pattern(mark, None)) and _any(text, re.escape(mark))


def _all(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(column, pattern)).as_py())


def _any(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())


def _with_missing(column: pa.ChunkedArray, plain: str, nullable: str) -> pd.Series:
    return pd.Series(column.to_pylist(), dtype=nullable if column.null_count else plain)
