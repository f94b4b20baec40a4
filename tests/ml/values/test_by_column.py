"""Rows that came column by column are the rows that they are, one by one and many at once."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.validation.rows import Validator
from ml.values.by_column import ByColumn
from ml.values.numbers import Numbers
from ml.values.tensor import Tensor
from tests.ml.validation.test_at_once import ACTING, GOOD, ODD, VALIDATOR, as_lists


def test_a_row_is_what_json_would_have() -> None:
    rows = ByColumn(
        {
            "a": np.array([1.5, np.nan]),
            "b": np.array([0.1, 2]),
            "c": np.array([1, 2], dtype=np.uint8),
            "d": np.array([True, False]),
            "e": ["x", None],
            "f": np.zeros((2, 3)),
        }
    )
    zeros = Tensor(np.zeros(3))
    first = {"a": 1.5, "b": 0.1, "c": 1, "d": True, "e": "x", "f": zeros}
    second = {"a": None, "b": 2.0, "c": 2, "d": False, "e": None, "f": zeros}
    assert list(rows) == [first, second] == [rows[0], rows[1]] and len(rows) == 2
    assert list(rows[1:]) == [second] == list(rows.chosen([1])) and rows.values("a") == [1.5, None]
    assert [type(value) for value in rows[0].values()][:5] == [float, float, int, bool, str]


@settings(max_examples=200, deadline=None)
@example({"rooms": [None] * 5 + [math.nan]}, [0.0] * 6, "size", VALIDATOR)  # NaN is missing in an array alone
@given(
    st.dictionaries(st.sampled_from(list(GOOD)), st.lists(ODD, min_size=6, max_size=6), max_size=2),
    st.lists(st.floats(width=64) | st.integers(-9, 9).map(float), min_size=6, max_size=6),
    st.sampled_from(["size", "rooms", "age", "garden", "grade", "town", "sold"]),
    st.sampled_from([VALIDATOR, *ACTING]),
)
def test_columns_are_checked_as_their_rows_are(
    odd: dict[str, list[Any]], numbers: list[float], name: str, validator: Validator
) -> None:
    columns: dict[str, Any] = {key: [value] * 6 for key, value in GOOD.items()} | odd | {name: np.array(numbers)}
    columns.setdefault("size", np.arange(6.0))
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for row in rows:
        value = float(row[name])
        row[name] = None if value != value else value
    found, expected = validator.check(ByColumn(columns)), validator.check(rows)
    assert (found.positions, found.errors, found.flags) == (expected.positions, expected.errors, expected.flags)
    assert as_lists(found.as_sent) == as_lists(expected.as_sent)
    assert as_lists(found.cells) == as_lists(expected.cells)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", "uint64"])
def test_numbers_stay_arrays(dtype: str) -> None:
    columns: dict[str, Any] = {key: [value] * 5 for key, value in GOOD.items()}
    columns |= {"size": np.arange(5, dtype=dtype), "rooms": np.arange(5, dtype=dtype)}
    cells = VALIDATOR.check(ByColumn(columns)).cells
    for name in ("size", "rooms"):
        column = cells[name]
        assert isinstance(column, Numbers) and column.array.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert column[2] == 2 and list(column[1:3]) == [1, 2]


def test_whole_numbers_that_float64_does_not_tell_apart_are_kept() -> None:
    columns: dict[str, Any] = {key: [value] * 5 for key, value in GOOD.items()}
    columns["size"] = np.full(5, 2**53 + 1, dtype=np.int64)
    assert list(VALIDATOR.check(ByColumn(columns)).cells["size"]) == [2**53 + 1] * 5
