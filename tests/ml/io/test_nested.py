"""Columns of arrays go into Arrow and out of it unchanged, and nested lists of Parquet files become them."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ml.io.arrow.nested import is_nested, nbytes, tensors, to_frame, to_table
from ml.values.digest import frame_digest
from ml.values.tensor import Tensor


def frame(first: float = 0.0) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    cells = [Tensor(draw.random((rows, 3)).astype(np.float32)) for rows in (2, 1, 4)]
    cells[0].array[0, 0] += first
    held = pd.Series([cells[0], None, *cells[1:]], dtype=object)
    return pd.DataFrame({"a": range(4), "grid": held, "b": list("wxyz")})


def test_a_table_with_arrays_is_stored_whole() -> None:
    before = frame()
    after = to_frame(to_table(before))
    assert list(after.columns) == ["a", "grid", "b"] and after["grid"].tolist() == before["grid"].tolist()
    assert after[["a", "b"]].equals(before[["a", "b"]])
    assert nbytes(after) == 7 * 3 * 4
    assert to_frame(to_table(before).slice(1, 2))["grid"].tolist() == before["grid"].tolist()[1:3]


def test_the_digest_of_a_table_is_of_its_arrays_too() -> None:
    assert frame_digest(frame()) == frame_digest(frame()) != frame_digest(frame(1.0))


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.list_(pa.int64())),
        pa.large_list(pa.list_(pa.float32())),
        pa.list_(pa.list_(pa.int8(), 2), 2),
        pa.list_(pa.list_(pa.float64(), 2)),
    ],
)
def test_nested_lists_of_every_kind_are_read(kind: pa.DataType) -> None:
    values = [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]]
    column = pa.array(values, kind)
    assert is_nested(kind)
    assert [cell.array.tolist() for cell in tensors(column)] == values
    assert [cell.array.tolist() for cell in tensors(column.slice(1, 2))] == values[1:]
    assert [cell.array.tolist() for cell in tensors(pa.chunked_array([column.slice(0, 1), column.slice(1)]))] == values


def test_lists_of_other_lengths_in_other_rows_are_arrays_and_none_is_missing() -> None:
    found = tensors(pa.array([[1.0], None, [2.0, 3.0]]))
    assert [None if cell is None else cell.array.tolist() for cell in found] == [[1.0], None, [2.0, 3.0]]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (pa.list_(pa.list_(pa.float32())), [[1.0, 2.0], [3.0]]),
        (pa.list_(pa.list_(pa.int64())), [[1, 2], [3, None]]),
        (pa.list_(pa.list_(pa.int64())), [[1, 2], None]),
        (pa.list_(pa.list_(pa.bool_())), [[True, None], [True, True]]),
        (pa.list_(pa.list_(pa.int8(), 2), 2), [[1, 2], [None, 4]]),
        (pa.list_(pa.list_(pa.int8(), 2), 2), [None, [1, 2]]),
        (pa.list_(pa.list_(pa.float64(), 2)), [[1.0, 2.0], None]),
    ],
)
def test_what_is_no_array_stays_lists_and_spoils_no_other_row(kind: pa.DataType, wrong: list[Any]) -> None:
    right: list[Any] = (
        [[True, False], [False, True]] if pa.types.is_boolean(kind.value_type.value_type) else [[1, 0], [0, 1]]
    )
    column = pa.array([right, wrong, None, right], kind)
    for found in (tensors(column), tensors(pa.chunked_array([column.slice(0, 1), column.slice(1)]))):
        assert found[1] == wrong and found[2] is None
        assert found[0].array.tolist() == found[3].array.tolist() == right
        assert found[0].array.dtype == column.type.value_type.value_type.to_pandas_dtype()


def test_a_missing_row_of_lists_of_a_fixed_size_has_no_missing_values_in_it() -> None:
    found = tensors(pa.array([[2**60 + 1, 2], None, [3, 4]], pa.list_(pa.int64(), 2)))
    assert [None if cell is None else cell.array.tolist() for cell in found] == [[2**60 + 1, 2], None, [3, 4]]


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.struct({"a": pa.int64()}), pa.binary(), pa.int64()])
def test_what_is_no_nested_list_of_numbers_is_no_array(kind: pa.DataType) -> None:
    assert not is_nested(kind)
