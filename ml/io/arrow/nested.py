"""Columns of arrays in Arrow: nested lists of numbers as Parquet files have them, and how frames of them are stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ml.values.tensor import Tensor, holds_tensors

_MARK, _KIND = b"drivetrain", b"array"
_VALUES, _SHAPE = "values", "shape"


def is_nested(kind: pa.DataType) -> bool:
    """Whether a column of `kind` holds nested lists of numbers or booleans."""
    depth = 0
    while _is_list(kind):
        kind, depth = kind.value_type, depth + 1
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return bool(depth and is_number)


def tensors(column: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Return nested lists as a column of arrays, None where there is no list.

    What is no array stays nested lists: ragged ones, and those with a missing list or whole number in them. Whoever
    reads the row refuses it, and the others are read.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return pd.Series([cell for chunk in chunks for cell in _tensors_of(chunk)], dtype=object)


def to_table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as a table; columns of arrays as their numbers and shapes."""
    held = [name for name in frame.columns if holds_tensors(frame[name])]
    table = pa.Table.from_pandas(frame.drop(columns=held), preserve_index=False)
    for name in held:
        column = _struct(frame[name])
        field = pa.field(str(name), column.type, metadata={_MARK: _KIND})
        table = table.add_column(list(frame.columns).index(name), field, column)
    return table


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return the frame that `to_table` was given."""
    held = [field.name for field in table.schema if (field.metadata or {}).get(_MARK) == _KIND]
    frame: pd.DataFrame = table.drop_columns(held).to_pandas() if held else table.to_pandas()
    for name in held:
        cells = [cell for chunk in table.column(name).chunks for cell in _of_struct(chunk)]
        frame.insert(table.schema.names.index(name), name, pd.Series(cells, dtype=object))
    return frame


def nbytes(frame: pd.DataFrame) -> int:
    """Return the bytes of all arrays in a frame."""
    held = [name for name in frame.columns if holds_tensors(frame[name])]
    return sum(cell.array.nbytes for name in held for cell in frame[name] if isinstance(cell, Tensor))


def _struct(column: pd.Series) -> pa.StructArray:
    cells = column.tolist()
    arrays = [cell.array for cell in cells if isinstance(cell, Tensor)]
    sizes = [cell.array.size if isinstance(cell, Tensor) else 0 for cell in cells]
    ranks = [cell.array.ndim if isinstance(cell, Tensor) else 0 for cell in cells]
    shapes = np.array([length for array in arrays for length in array.shape], dtype=np.int64)
    parts = {
        _VALUES: _lists(np.concatenate([array.ravel() for array in arrays]), sizes),
        _SHAPE: _lists(shapes, ranks),
    }
    missing = pa.array([not isinstance(cell, Tensor) for cell in cells])
    return pa.StructArray.from_arrays(list(parts.values()), names=list(parts), mask=missing)


def _lists(values: NDArray[Any], lengths: list[int]) -> pa.LargeListArray:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def _of_struct(chunk: pa.StructArray) -> Iterator[Tensor | None]:
    numbers, shapes = chunk.field(_VALUES), chunk.field(_SHAPE)
    flat, axes = _numpy(numbers.values), _numpy(shapes.values)
    begins, of_shape = numbers.offsets.to_numpy(), shapes.offsets.to_numpy()
    there = chunk.is_valid().to_numpy(zero_copy_only=False)
    for row, is_there in enumerate(there.tolist()):
        shape = axes[of_shape[row] : of_shape[row + 1]].tolist()
        yield Tensor(flat[begins[row] : begins[row + 1]].reshape(shape)) if is_there else None


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


@dataclass(frozen=True)
class _Rows:
    """Of each list its shape, (lists, axes), -1 where it is ragged or has gaps, and where its numbers begin and end."""

    shapes: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]


def _tensors_of(chunk: pa.Array) -> Iterator[Tensor | list[Any] | None]:
    leaf = chunk
    while _is_list(leaf.type):
        leaf = leaf.values
    numbers, found = _numpy(_filled(leaf)), _rows(chunk)
    for row, is_there in enumerate(chunk.is_valid().to_numpy(zero_copy_only=False).tolist()):
        shape = found.shapes[row].tolist()
        if not is_there:
            yield None
        elif -1 in shape:
            yield chunk[row].as_py()
        else:
            yield Tensor(numbers[found.begins[row] : found.ends[row]].reshape(shape))


def _filled(leaf: pa.Array) -> pa.Array:
    """Return numbers without gaps, which would make others of whole ones; no array is made of what had one."""
    return leaf.fill_null(False if pa.types.is_boolean(leaf.type) else 0) if _has_gaps(leaf) else leaf


def _has_gaps(values: pa.Array) -> bool:
    """Whether values are missing in a way that NaN, which is what a missing float is read as, does not say."""
    return bool(values.null_count and not pa.types.is_floating(values.type))


def _rows(lists: pa.Array) -> _Rows:
    begins, ends = _bounds(lists)
    lengths = ends - begins
    gaps = _with_gaps(lists.values, begins, ends)
    if not _is_list(lists.values.type):
        return _Rows(np.where(gaps, -1, lengths)[:, None], begins, ends)
    below = _rows(lists.values)
    parts = np.arange(len(lists)).repeat(lengths)
    inside = np.arange(begins[0], ends[-1]) if len(lists) else np.arange(0)  # lists lie one behind the other
    filled = lengths > 0
    shapes = np.zeros((len(lists), below.shapes.shape[1]), dtype=np.int64)
    shapes[filled] = below.shapes[begins[filled]]
    differs = (below.shapes[inside] != shapes[parts]).any(axis=1)
    shapes[np.unique(parts[differs])] = -1
    shapes[gaps] = -1
    first, last = np.zeros(len(lists), dtype=np.int64), np.zeros(len(lists), dtype=np.int64)
    first[filled], last[filled] = below.begins[begins[filled]], below.ends[ends[filled] - 1]
    return _Rows(np.column_stack([lengths, shapes]), first, last)


def _with_gaps(values: pa.Array, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which lists of values between these places have a missing one."""
    if not _has_gaps(values):
        return np.zeros(len(begins), dtype=np.bool_)
    missing = np.concatenate([[0], np.cumsum(values.is_null().to_numpy(zero_copy_only=False))])
    found: NDArray[np.bool_] = missing[ends] > missing[begins]
    return found


def _bounds(lists: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if pa.types.is_fixed_size_list(lists.type):
        begins = (np.arange(len(lists)) + lists.offset) * lists.type.list_size
        return begins, begins + lists.type.list_size
    offsets = lists.offsets.to_numpy().astype(np.int64)
    return offsets[:-1], offsets[1:]


def _numpy(values: pa.Array) -> NDArray[Any]:
    found: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return found
