"""A number in [0, 1) for every row, from the row's own content and a salt alone.

The same content gives the same number whatever the column's type happens to be (1, 1.0, "1", True and "true" are the
same, a timestamp and its text in ISO 8601, a float32 and the decimal number that it prints as, and so are the ways of
writing "missing"), wherever the row stands, in whatever order the columns come, and whatever other rows there are. A
row therefore keeps its set when others are added, and when the same table comes from another kind of file. Only blake2b
and integer arithmetic are used, so that the numbers are the same on every machine and with every version of the
libraries.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.split.canonical_content import CanonicalTime, content, timestamps_of
from ml.values.float32 import shortest

Hashes = NDArray[np.uint64]
HASHING = 2
"""Goes up whenever rows are drawn otherwise than before: packages of another number were tested on other rows."""
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
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        known = _column(pd.Series(dtype.categories))
        return np.append(known, _MISSING)[column.cat.codes.to_numpy()]  # code -1, missing, takes the last
    if pd.api.types.is_datetime64_any_dtype(dtype):
        hashes = _of_timestamps(timestamps_of(column))
    elif pd.api.types.is_numeric_dtype(dtype):
        hashes = _of_numbers(_numbers(column))
    else:
        return _labels(column)
    return np.where(column.isna().to_numpy(dtype=bool), _MISSING, hashes)


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    width = getattr(column.dtype, "numpy_dtype", column.dtype)  # of types with missing values
    if width in (np.float16, np.float32):
        return shortest(column.to_numpy(dtype=width, na_value=np.nan))
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _labels(column: pd.Series) -> Hashes:
    values = column.astype("object")
    if column.dtype == object:
        values = values.map(_widened)  # else a float32 and the float64 of its bits would be one value
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    return np.append(_of_contents([content(value) for value in distinct]), _MISSING)[codes]


def _widened(value: object) -> object:
    return float(str(value)) if isinstance(value, np.float16 | np.float32) else value


def _of_contents(contents: Sequence[Any]) -> Hashes:
    """Return hashes of what `content` gave: numbers, timestamps, texts and None, (n,)."""
    hashes = np.full(len(contents), _MISSING, dtype=np.uint64)
    kinds = np.array([type(one).__name__ for one in contents], dtype=object)
    for place in np.flatnonzero(kinds == "str").tolist():
        hashes[place] = _of_text(f"text:{contents[place]}")
    for kind, hashed, dtype in ((float, _of_numbers, np.float64), (CanonicalTime, _of_timestamps, np.int64)):
        places = np.flatnonzero(kinds == kind.__name__).tolist()
        hashes[places] = hashed(np.array([contents[place] for place in places], dtype=dtype))
    return hashes


def _of_numbers(numbers: NDArray[np.float64]) -> Hashes:
    return _mix((numbers + 0.0).view(np.uint64))  # minus zero is zero


def _of_timestamps(microseconds: NDArray[np.int64]) -> Hashes:
    return _mix(_mix(microseconds.view(np.uint64)) ^ _of_text("moment"))


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
