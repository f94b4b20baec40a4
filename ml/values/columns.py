"""One raw column read as numbers, booleans, dates or categories; what does not fit becomes missing."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from schemas.base import Scalar
from schemas.data import ColumnType

Cell = Scalar | None
ISO = "ISO8601"
_ISO_START = r"^\s*\d{4}-\d{2}-\d{2}"
_TRUE = {"true", "t", "yes", "y", "1", "ja", "oui"}
_FALSE = {"false", "f", "no", "n", "0", "nein", "non"}


def is_text(column: pd.Series) -> bool:
    """Whether a column holds text, or a mix of Python objects."""
    return bool(
        pd.api.types.is_string_dtype(column.dtype)
        or pd.api.types.is_object_dtype(column.dtype)
        or isinstance(column.dtype, pd.CategoricalDtype)
    )


def is_timestamp(column: pd.Series) -> bool:
    """Whether a column already holds points in time."""
    return bool(pd.api.types.is_datetime64_any_dtype(column.dtype))


def as_numbers(column: pd.Series) -> NDArray[np.float64]:
    """Return float64 (rows,); missing, infinite and non-numeric values are NaN."""
    if is_timestamp(column):
        return np.full(len(column), np.nan)
    source = column.astype("object").where(column.notna(), None) if is_text(column) else column
    numbers = pd.to_numeric(source, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def as_booleans(column: pd.Series) -> NDArray[np.float64]:
    """Return 1, 0 or NaN, (rows,); yes and no, true and false, 1 and 0 are understood in any case."""
    if not is_text(column):
        numbers = as_numbers(column)
        return np.where((numbers == 0) | (numbers == 1), numbers, np.nan)
    words = {**dict.fromkeys(_TRUE, 1.0), **dict.fromkeys(_FALSE, 0.0)}
    read = [np.nan if pd.isna(value) else words.get(str(value).strip().lower(), np.nan) for value in column]
    return np.array(read, dtype=np.float64)


def as_timestamps(column: pd.Series, form: str | None) -> pd.Series:
    """Return naive UTC datetime64[us]; `form` is a strptime form, None means ISO 8601. What does not fit is NaT."""
    if is_timestamp(column):
        timestamps = column
    elif not is_text(column):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    else:
        text = column.astype("object").where(column.notna(), None).map(_text)
        if form in (None, ISO):
            iso = text.where(text.astype("str").str.match(_ISO_START).fillna(False).astype(bool), None)
            timestamps = pd.to_datetime(iso, format=ISO, errors="coerce", utc=True)
        else:
            timestamps = pd.to_datetime(text, format=form, errors="coerce", utc=True)
    if timestamps.dt.tz is not None:
        timestamps = timestamps.dt.tz_convert("UTC").dt.tz_localize(None)
    return timestamps.astype("datetime64[us]")


def fits(column: pd.Series, kind: ColumnType, form: str | None = None) -> NDArray[np.bool_]:
    """Return for every row whether its value is missing or can be read as `kind`."""
    missing = column.isna().to_numpy(dtype=bool)
    match kind:
        case "number":
            return missing | ~np.isnan(as_numbers(column))
        case "boolean":
            return missing | ~np.isnan(as_booleans(column))
        case "date":
            return missing | as_timestamps(column, form).notna().to_numpy(dtype=bool)
        case _:
            return np.ones(len(column), dtype=bool)


def as_cells(column: pd.Series, kind: ColumnType, form: str | None = None) -> list[Cell]:
    """Return plain Python values as a client of the service would send them: None for missing, dates in ISO 8601."""
    match kind:
        case "number":
            return _number_cells(column)
        case "boolean":
            return [None if value != value else bool(value) for value in as_booleans(column).tolist()]
        case "date":
            return _date_cells(as_timestamps(column, form))
        case _:
            return _label_cells(column)


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip()


def _number_cells(column: pd.Series) -> list[Cell]:
    numbers = as_numbers(column)
    known = ~np.isnan(numbers)
    if pd.api.types.is_integer_dtype(column.dtype):
        exact = column.astype("object").tolist()
        return [int(value) if there else None for value, there in zip(exact, known.tolist(), strict=True)]
    return [value if there else None for value, there in zip(numbers.tolist(), known.tolist(), strict=True)]


def _date_cells(timestamps: pd.Series) -> list[Cell]:
    values = timestamps.to_numpy(dtype="datetime64[us]")
    whole = np.array_equal(values, values.astype("datetime64[s]"), equal_nan=True)
    texts = np.datetime_as_string(values, unit="s" if whole else "us")
    return [None if text == "NaT" else text for text in texts.tolist()]


def _label_cells(column: pd.Series) -> list[Cell]:
    if is_timestamp(column):
        return _date_cells(as_timestamps(column, None))
    missing = column.isna().tolist()
    values = column.astype("object").tolist()
    return [None if gone else _scalar(value) for value, gone in zip(values, missing, strict=True)]


def _scalar(value: object) -> Scalar:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)  # an integer column that a missing value turned into floats
    return plain if isinstance(plain, str | int | float | bool) else str(plain)
