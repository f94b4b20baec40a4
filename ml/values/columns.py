"""One raw column read as numbers, booleans, dates or categories; what does not fit becomes missing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.values.canonical import canonical
from ml.values.text import ISO, ISO_START, WITH_OFFSET, normal, read_boolean, read_number, read_timestamp
from schemas.base import Scalar
from schemas.column_names import composed
from schemas.column_types import ColumnType
from schemas.reading import IN_UTC, POINT, Dates, Marks

Cell = Scalar | None
_ENDS = (1, 9999)  # years


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


def as_numbers(column: pd.Series, marks: Marks = POINT) -> NDArray[np.float64]:
    """Return float64 (rows,); missing, infinite and non-numeric values are NaN; `marks` are those of text."""
    numbers = with_infinities(column, marks)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def with_infinities(column: pd.Series, marks: Marks = POINT) -> NDArray[np.float64]:
    """Return the same with infinite values."""
    if is_timestamp(column):
        return np.full(len(column), np.nan)
    if not is_text(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    places, distinct = pd.factorize(column.astype("object"))
    found = [read_number(str(value).strip(), marks.decimal, marks.thousands) for value in distinct.tolist()]
    # The last entry is what -1 reaches, a missing value.
    numbers = np.array([*(np.nan if number is None else float(number) for number in found), np.nan], dtype=np.float64)
    return numbers[places]


def as_booleans(column: pd.Series) -> NDArray[np.float64]:
    """Return 1, 0 or NaN, (rows,); yes and no, true and false, 1 and 0 are understood in any case."""
    if not is_text(column):
        numbers = as_numbers(column)
        return np.where((numbers == 0) | (numbers == 1), numbers, np.nan)
    read = [None if pd.isna(value) else read_boolean(str(value).strip()) for value in column]
    return np.array([np.nan if value is None else float(value) for value in read], dtype=np.float64)


def without_words(
    frame: pd.DataFrame, words: Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, dict[str, dict[str, int]]]:
    """Return a frame in which declared words of text columns are missing, and their number by column and word."""
    gaps: dict[str, dict[str, int]] = {}
    for stored in list(frame.columns):
        missing = words.get(composed(str(stored)))
        if not missing:
            continue
        column, found = without(frame[stored], missing)
        if found:
            gaps[composed(str(stored))] = found
            frame = frame.assign(**{stored: column})
    return frame, gaps


def without(column: pd.Series, words: Iterable[str], marks: Marks = POINT) -> tuple[pd.Series, dict[str, int]]:
    """Return a column in which words are missing, those that are numbers by value, and how many there were by word."""
    normals = [normal(word) for word in words]
    numbers = [number for word in normals if (number := read_number(word, *marks)) is not None]
    gone = np.zeros(len(column), dtype=np.bool_)
    if is_text(column):
        text = column.map(lambda value: normal(str(value)), na_action="ignore")
        gone |= text.isin(normals).to_numpy(dtype=bool)
    if numbers and not is_timestamp(column) and not pd.api.types.is_bool_dtype(column.dtype):
        gone |= np.isin(with_infinities(column, marks), numbers)
    if not gone.any():
        return column, {}
    found = [normal(value) if isinstance(value, str) else canonical(value) for value in column[gone].tolist()]
    wide = column.astype("Int64") if pd.api.types.is_integer_dtype(column.dtype) else column
    return wide.mask(gone), dict(Counter(found))


def as_timestamps(column: pd.Series, dates: Dates = IN_UTC, *, lenient: bool = True) -> pd.Series:
    """Return naive datetime64[us], in the zone that `dates` says. What does not fit is NaT.

    ISO 8601 is read beside any other form, unless `lenient` is false.
    """
    if is_timestamp(column):
        timestamps = column
    elif not is_text(column):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    else:
        text = column.astype("object").where(column.notna(), None).map(_text)
        form = dates.form or ISO
        if form == ISO:
            timestamps = _iso_timestamps(text, dates.zone)
        elif "%y" in form or "%z" in form:
            timestamps = _read_one_by_one(text, dates)
        else:
            timestamps = pd.to_datetime(text, format=form, errors="coerce")
            if lenient and timestamps.isna().any():
                timestamps = timestamps.fillna(_iso_timestamps(text, dates.zone))
    if timestamps.dt.tz is not None:
        timestamps = timestamps.dt.tz_convert(dates.zone or "UTC").dt.tz_localize(None)
    return timestamps.astype("datetime64[us]")


def as_instants(column: pd.Series, dates: Dates = IN_UTC) -> pd.Series:
    """Return naive Universal Time, datetime64[us], of the values that have a UTC offset; NaT of all others."""
    gone = pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    if is_timestamp(column):
        return gone if column.dt.tz is None else as_timestamps(column, IN_UTC)
    if not is_text(column):
        return gone
    offset = have_offsets(column)
    if "%z" in (dates.form or ""):
        offset |= as_timestamps(column, dates, lenient=False).notna()
    if not offset.any():
        return gone
    return as_timestamps(column, dates._replace(zone="UTC")).where(offset)


def have_offsets(column: pd.Series) -> pd.Series:
    """Return for every value of a text column whether it ends with a UTC offset, as times in ISO 8601 may."""
    return column.astype("str").str.strip().str.match(WITH_OFFSET).fillna(False).astype(bool)


def _iso_timestamps(text: pd.Series, zone: str | None) -> pd.Series:
    iso = text.where(text.astype("str").str.match(ISO_START).fillna(False).astype(bool), None)
    offset = have_offsets(iso)
    if not offset.any():
        return pd.to_datetime(iso, format=ISO, errors="coerce")
    plain = iso.where(~offset, iso.astype("str").str.replace(WITH_OFFSET, r"\1", regex=True))
    wall = pd.to_datetime(plain, format=ISO, errors="coerce")
    near_end = wall.dt.year.isin(_ENDS)
    instant = pd.to_datetime(iso.where(offset & ~near_end, None), format=ISO, errors="coerce", utc=True)
    # Near the calendar's ends no other zone can be told.
    kept = ~offset | near_end
    if zone is None:
        return wall.where(kept | instant.notna())
    return wall.where(kept, instant.where(~kept).dt.tz_convert(zone).dt.tz_localize(None))


def _read_one_by_one(text: pd.Series, dates: Dates) -> pd.Series:
    places, distinct = pd.factorize(text)
    found = [read_timestamp(value, dates) for value in distinct.tolist()]
    read = pd.Series([*(pd.NaT if one is None else one[0] for one in found), pd.NaT], dtype="datetime64[us]")
    return read.iloc[places].set_axis(text.index)


def fits(column: pd.Series, kind: ColumnType, dates: Dates = IN_UTC, marks: Marks = POINT) -> NDArray[np.bool_]:
    """Return for every row whether its value is missing or can be read as `kind`."""
    missing = column.isna().to_numpy(dtype=bool)
    match kind:
        case "number":
            return missing | ~np.isnan(as_numbers(column, marks))
        case "boolean":
            return missing | ~np.isnan(as_booleans(column))
        case "date":
            return missing | as_timestamps(column, dates).notna().to_numpy(dtype=bool)
        case _:
            return np.ones(len(column), dtype=bool)


def as_cells(column: pd.Series, kind: ColumnType, dates: Dates = IN_UTC, marks: Marks = POINT) -> list[Cell]:
    """Return plain Python values as a client of the service would send them: None for missing, dates in ISO 8601."""
    match kind:
        case "number":
            return _number_cells(column, marks)
        case "boolean":
            return [None if value != value else bool(value) for value in as_booleans(column).tolist()]
        case "date":
            return _date_cells(as_timestamps(column, dates))
        case "text":
            return [None if gone else whole_text(value) for value, gone in _with_gaps(column)]
        case _:
            return _label_cells(column)


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip()


def _number_cells(column: pd.Series, marks: Marks) -> list[Cell]:
    numbers = as_numbers(column, marks)
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
        return _date_cells(as_timestamps(column))
    return [None if gone else _scalar(value) for value, gone in _with_gaps(column)]


def _with_gaps(column: pd.Series) -> Iterable[tuple[object, bool]]:
    """Return every value, and whether it is missing."""
    return zip(column.astype("object").tolist(), column.isna().tolist(), strict=True)


def whole_text(value: object) -> str | None:
    """Return free text as it was written, None where there is nothing but blanks."""
    text = value if isinstance(value, str) else canonical(_scalar(value))
    return text if text.strip() else None


def _scalar(value: object) -> Scalar:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)  # an integer column that a missing value turned into floats
    if isinstance(plain, str):
        return normal(plain)
    return plain if isinstance(plain, int | float | bool) else normal(str(plain))
