"""Arrow columns as frames: few types, the same whatever widths a source stores.

Whole numbers are int64, other numbers and decimals float64, timestamps naive UTC in microseconds, and dictionaries what
they stand for. Nested lists of numbers are arrays, or stay lists where they are none. What else holds no single values
(structs, lists of text, bytes, times of day) is no column to learn from.
"""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ml.io.arrow.nested import is_nested, tensors
from ml.values.float32 import shortest

TIMESTAMP = pa.timestamp("us")
TEXT = pa.large_string()
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype()}
_FEW_DIGITS, _DIGITS = 38, 76  # what Arrow's two types of decimals hold
_NUMBERS = {pa.bool_(), pa.int64(), pa.uint64(), pa.float64()}


def plain_type(kind: pa.DataType) -> pa.DataType | None:
    """Return the type that a column of `kind` is read as, None where its values are neither single ones nor arrays."""
    kind = stored_type(kind)
    if is_nested(kind):
        return kind
    if pa.types.is_integer(kind):
        return pa.uint64() if kind == pa.uint64() else pa.int64()
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return TIMESTAMP
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return TEXT
    return kind if pa.types.is_boolean(kind) or pa.types.is_null(kind) else None


def stored_type(kind: pa.DataType) -> pa.DataType:
    """Return what single values of a column are stored as: of a dictionary its values, of an extension its storage."""
    if isinstance(kind, pa.BaseExtensionType):
        return stored_type(kind.storage_type)
    return stored_type(kind.value_type) if pa.types.is_dictionary(kind) else kind


def common_type(kinds: Iterable[pa.DataType]) -> pa.DataType | None:
    """Return the one plain type that holds values of all `kinds`; None where numbers, timestamps and text would mix."""
    found = {kind for kind in kinds if not pa.types.is_null(kind)}
    if not found:
        return pa.float64()
    if len(found) == 1:
        return found.pop()
    if found == {pa.bool_(), pa.uint64()}:
        return pa.uint64()
    if pa.float64() not in found and found <= _NUMBERS:
        return pa.int64()  # a number beyond it cannot be read; as float64 it would be rounded
    return pa.float64() if found <= _NUMBERS else None


def common_stored_type(kinds: Collection[pa.DataType]) -> pa.DataType | None:
    """Return the one type that keeps stored values of all `kinds`: their own, or decimals of all their digits.

    Decimals that no type holds together are text; None where there is nothing in common.
    """
    if len(kinds) == 1:
        return next(iter(kinds))
    if not kinds or not all(pa.types.is_decimal(kind) or kind == TEXT for kind in kinds):
        return None
    decimals = [kind for kind in kinds if kind != TEXT]
    scale = max(kind.scale for kind in decimals)
    digits = max(kind.precision - kind.scale for kind in decimals) + scale
    if len(decimals) < len(kinds) or digits > _DIGITS:
        return TEXT
    return pa.decimal128(digits, scale) if digits <= _FEW_DIGITS else pa.decimal256(digits, scale)


def plain(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the column as the plain type `kind`; a time zone becomes UTC, a float32 the decimal that it prints as.

    Raises:
        ArrowInvalid: If a timestamp is beyond the years that microseconds hold, or text is not UTF-8.
    """
    column = widened(_bare(column))
    if is_nested(kind):
        return column
    if column.type != kind:
        cut = pa.types.is_timestamp(column.type) and column.type.unit == "ns"
        # Nanoseconds are cut off, and a float comes as near as it can.
        column = column.cast(kind, safe=not cut and kind != pa.float64())
    if kind == TEXT:
        column.validate(full=True)
    return column


def as_stored(column: pa.Array, kind: pa.DataType) -> pd.Series:
    """Return the column in a type of `common_stored_type`."""
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([_bare(column).cast(kind)])))


def _bare(column: pa.Array) -> pa.Array:
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def widened(column: pa.Array) -> pa.Array:
    """Return narrow floats and decimals as the float64 that a text file of them would hold; a cast is off a little."""
    if column.type == pa.float16():
        missing = column.is_null().to_numpy(zero_copy_only=False)
        return pa.array(shortest(column.to_numpy(zero_copy_only=False)), mask=missing)
    is_other = column.type != pa.float32() and not pa.types.is_decimal(column.type)
    return column if is_other else column.cast(pa.string()).cast(pa.float64())


def frame(columns: dict[str, pa.ChunkedArray], *, gaps: bool) -> pd.DataFrame:
    """Return a frame of plain columns, which are taken out of `columns` one by one to free their memory.

    With `gaps`, whole numbers and booleans get the types that can hold missing values even where none is missing, so
    that chunks of a table are equal in type.
    """
    series = {name: _series(columns.pop(name), gaps) for name in list(columns)}
    return pd.DataFrame(series, copy=False)


def _series(column: pa.ChunkedArray, gaps: bool) -> pd.Series:
    if is_nested(column.type):
        return tensors(column)
    dtype: Any = None
    if column.type == TEXT:
        dtype = pd.StringDtype(na_value=np.nan)
    elif gaps or column.null_count:
        dtype = _NULLABLE.get(column.type)
    if dtype is not None:
        return pd.Series(dtype.__from_arrow__(column))
    values = column.to_numpy()
    return pd.Series(values if values.flags.writeable else values.copy())
