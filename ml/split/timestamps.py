"""A column of timestamps: read as points in time or as plain numbers, and written into a package and back.

Understood are points in time (with or without a zone; without one they count as UTC), text in ISO 8601 or in a declared
form, and numbers of any unit (years, epoch seconds), also written as text. Nothing is guessed and nothing is missing.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.split.guards import column_by, places
from ml.validation.examples import examples
from ml.values.columns import as_numbers, as_timestamps, is_text, is_timestamp
from ml.values.date_formats import find_format
from ml.values.text import ISO
from schemas.data import TableSchema
from schemas.errors import ContentError
from schemas.reading import Dates
from schemas.split_spec import Ordered

Timestamps = NDArray[Any]
"""datetime64[us], int64 or float64, (rows,)."""


def read_timestamps(rows: pd.DataFrame, by: str | None, form: str | None, century: int | None = None) -> Timestamps:
    """Return when every row was, (rows,); `form` is a strptime form, None means ISO 8601.

    `century` is the first year that two digits mean.

    Raises:
        ContentError: If `by` is not given or not there, or a value is missing or cannot be read.
    """
    column = column_by(rows, by, "time")
    if is_text(column):
        return _of_text(column, form, century)
    if is_timestamp(column):
        return as_timestamps(column).to_numpy()
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        raise ContentError(f"column {by!r} ({column.dtype}) holds no timestamps; name a column of dates in split.by")
    if pd.api.types.is_signed_integer_dtype(column.dtype):
        return column.to_numpy(dtype=np.int64)
    return _finite(column)


def form_of(ordered: Ordered, schema: TableSchema) -> str | None:
    """Return the form in which timestamps are written: as the split declares, else as the schema reads the column."""
    if ordered.format is not None:
        return ordered.format
    return next((column.format for column in schema.columns if column.name == ordered.by), None)


def century_of(ordered: Ordered, schema: TableSchema) -> int | None:
    """Return the first year that two digits mean, as the column declares it."""
    return next((column.century for column in schema.columns if column.name == ordered.by), None)


def newest(sets: Sequence[pd.DataFrame], ordered: Ordered, schema: TableSchema) -> str:
    """Return the latest timestamp among the rows of `sets`, as text."""
    rows, form, century = pd.concat(sets, ignore_index=True), form_of(ordered, schema), century_of(ordered, schema)
    return written(read_timestamps(rows, ordered.by, form, century).max())


def written(timestamp: Any) -> str:
    """Return a timestamp as text: ISO 8601 in UTC without an offset, or a number."""
    if not isinstance(timestamp, np.datetime64):
        return str(timestamp.item())
    whole = timestamp == timestamp.astype("datetime64[s]")
    return str(np.datetime_as_string(timestamp, unit="s" if whole else "us"))


def newer_than(timestamps: Timestamps, text: str) -> NDArray[np.bool_] | None:
    """Return which timestamps come after the one written as `text`; None where one is a date, the other a number."""
    is_date = "T" in text
    if is_date != (timestamps.dtype.kind == "M"):
        return None
    if is_date:
        return np.asarray(timestamps > np.datetime64(text, "us"))
    # As Python compares, exactly: as float64, large whole numbers that differ would be one.
    limit = int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)
    return np.array([timestamp > limit for timestamp in timestamps.tolist()], dtype=bool)


def _of_text(column: pd.Series, form: str | None, century: int | None) -> Timestamps:
    timestamps = as_timestamps(column, Dates(form, century), lenient=False)
    wrong = timestamps.isna().to_numpy(dtype=bool)
    if not wrong.any():
        return timestamps.to_numpy()
    if form is None and not np.isnan(as_numbers(column)).any():
        return _finite(column)
    shown = examples(column[wrong])
    how = "in ISO 8601" if form in (None, ISO) else f"written as {form!r}"
    raise ContentError(
        f"{wrong.sum():,} of {len(column):,} values of column {str(column.name)!r}, which the split goes by, are no "
        f"timestamps {how}: {shown} ({places(wrong)}). {_remedy(column, form)}"
    )


def _remedy(column: pd.Series, form: str | None) -> str:
    found = find_format(column)
    others = [] if found is None else [one for one in (found.form, found.rival) if one not in (None, ISO, form)]
    if others:
        return f"They look like {' or '.join(map(repr, others))}: declare split.format as they are written"
    return "Declare split.format as they are written, for example '%d.%m.%Y %H:%M', or mend those rows"


def _finite(column: pd.Series) -> Timestamps:
    numbers = as_numbers(column)
    infinite = np.isnan(numbers)
    if infinite.any():
        raise ContentError(
            f"column {str(column.name)!r}, which the split goes by, is infinite in {infinite.sum():,} rows "
            f"({places(infinite)}); mend or remove those rows"
        )
    return numbers
