"""Arrow columns as frames: few types, the same whatever widths a source stores.

Whole numbers are int64, other numbers and decimals float64, moments naive UTC in microseconds, and dictionaries what
they stand for. What does not hold single values (lists, structs, bytes, times of day) is no column to learn from.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

MOMENT = pa.timestamp("us")
TEXT = pa.large_string()
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype()}
_NUMBERS = {pa.bool_(), pa.int64(), pa.uint64(), pa.float64()}


def plain_type(kind: pa.DataType) -> pa.DataType | None:
    """Return the type that a column of `kind` is read as, None where its values are not single ones."""
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_integer(kind):
        return pa.uint64() if kind == pa.uint64() else pa.int64()
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return MOMENT
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return TEXT
    return kind if pa.types.is_boolean(kind) or pa.types.is_null(kind) else None


def common_type(kinds: Iterable[pa.DataType]) -> pa.DataType | None:
    """Return the one plain type that holds values of all `kinds`; None where numbers, moments and text would mix."""
    found = {kind for kind in kinds if not pa.types.is_null(kind)}
    if not found:
        return pa.float64()
    if len(found) == 1:
        return found.pop()
    if found <= _NUMBERS:
        return pa.int64() if found == {pa.bool_(), pa.int64()} else pa.float64()
    return None


def plain(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the column as the plain type `kind`; a time zone becomes UTC.

    Raises:
        ArrowInvalid: If a moment is beyond the years that microseconds hold, or text is not UTF-8.
    """
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.type != kind:
        cut = pa.types.is_timestamp(column.type) and column.type.unit == "ns"
        # Nanoseconds are cut off, and a float comes as near as it can.
        column = column.cast(kind, safe=not cut and kind != pa.float64())
    if kind == TEXT:
        column.validate(full=True)
    return column


def frame(columns: dict[str, pa.ChunkedArray], *, gaps: bool) -> pd.DataFrame:
    """Return a frame of plain columns, which are taken out of `columns` one by one to free their memory.

    With `gaps`, whole numbers and booleans get the types that can hold missing values even where none is missing, so
    that pieces of a table are equal in type.
    """
    series = {name: _series(columns.pop(name), gaps) for name in list(columns)}
    return pd.DataFrame(series, copy=False)


def _series(column: pa.ChunkedArray, gaps: bool) -> pd.Series:
    dtype: Any = None
    if column.type == TEXT:
        dtype = pd.StringDtype(na_value=np.nan)
    elif gaps or column.null_count:
        dtype = _NULLABLE.get(column.type)
    if dtype is not None:
        return pd.Series(dtype.__from_arrow__(column))
    values = column.to_numpy()
    return pd.Series(values if values.flags.writeable else values.copy())
