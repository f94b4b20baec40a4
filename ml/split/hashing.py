"""A number in [0, 1) for every row, from the row's own content and a salt alone.

The same content gives the same number whatever the column's type happens to be (1, 1.0 and "1" are the same, and so
are the ways of writing "missing"), wherever the row stands, in whatever order the columns come, and whatever other rows
there are. A row therefore keeps its set when others are added. Only blake2b and integer arithmetic are used, so that
the numbers are the same on every machine and with every version of the libraries.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MISSING = np.uint64(0x9E3779B97F4A7C15)


def fractions(rows: pd.DataFrame, columns: Sequence[str], salt: str) -> NDArray[np.float64]:
    """Return a number in [0, 1) for every row, (rows,), from its values in `columns` and `salt`."""
    state = np.full(len(rows), _of_text(f"salt:{salt}"), dtype=np.uint64)
    for name in sorted(columns):
        state = _mix(state ^ _mix(_column(rows[name]) ^ _of_text(f"column:{name}")))
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53


def draw(numbers: NDArray[np.float64], *, test: float, validation: float) -> NDArray[np.str_]:
    """Return "test" below `test`, "validation" in the next `validation`, else "train", (rows,).

    A test row stays one when the validation share changes.
    """
    rest = np.where(numbers < test + validation, "validation", "train")
    return np.where(numbers < test, "test", rest)


def _column(column: pd.Series) -> Hashes:
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return _labels(column)
    hashes = _of_numbers(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.where(column.isna().to_numpy(dtype=bool), _MISSING, hashes)


def _labels(column: pd.Series) -> Hashes:
    values = column.astype("object")
    if column.dtype == object or pd.api.types.is_bool_dtype(column.dtype):
        values = values.map(_plain_boolean)  # else True and 1 would be one value, whichever came first
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    known = np.array([_of_value(value) for value in distinct], dtype=np.uint64)
    return np.append(known, _MISSING)[codes]  # code -1, missing, takes the last


def _plain_boolean(value: object) -> object:
    return str(value).lower() if isinstance(value, bool | np.bool_) else value


def _of_value(value: object) -> np.uint64:
    if isinstance(value, pd.Timestamp | np.datetime64):
        return _of_text(f"text:{pd.Timestamp(value).isoformat()}")
    text = str(value).strip()
    if isinstance(value, int | float | np.number) or _NUMBER.fullmatch(text):
        return np.uint64(_of_numbers(np.array([float(text)]))[0])
    return _of_text(f"text:{text.lower() if text.lower() in ('true', 'false') else text}") if text else _MISSING


def _of_numbers(numbers: NDArray[np.float64]) -> Hashes:
    return _mix((numbers + 0.0).view(np.uint64))  # minus zero is zero


def _of_text(text: str) -> np.uint64:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _mix(state: Hashes) -> Hashes:
    """Spread every bit over the word (the finaliser of splitmix64; S. Vigna, public domain)."""
    with np.errstate(over="ignore"):
        state = state + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(state ^ (state >> np.uint64(31)), dtype=np.uint64)
