"""Arrays are read strictly, and what is wrong with one is said in words that name the shape wanted."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.values.tensor import NoTensor, Tensor, read_any
from ml.values.tensor_form import Form

SQUARE, BYTES, PAIRS = Form([2, 2], "float32"), Form([None], "uint8"), Form([None, 2], "int64")


def nested(value: Any) -> Any:
    """Return an array of arrays, as a table may hold it."""
    outer = np.empty(len(value), dtype=object)
    for place, one in enumerate(value):
        outer[place] = np.array(one)
    return outer


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2.5], [3, 4]],
        ((1, 2.5), (3, 4)),
        np.array([[1, 2.5], [3, 4]]),
        nested([[1, 2.5], [3, 4]]),
        "[[1, 2.5], [3, 4]]",
        Tensor(np.array([[1, 2.5], [3, 4]])),
    ],
)
def test_however_an_array_is_held_it_is_the_same_array(value: Any) -> None:
    found = SQUARE.read(value)
    assert found.array.dtype == np.float32 and found.array.tolist() == [[1, 2.5], [3, 4]]
    assert found == Tensor(np.array([[1, 2.5], [3, 4]], dtype=np.float32))


@pytest.mark.parametrize(
    ("form", "value", "what"),
    [
        (SQUARE, 7, "must be nested lists of numbers of the shape 2 × 2, not a number"),
        (SQUARE, None, "not null"),
        (SQUARE, {"a": 1}, "not an object"),
        (SQUARE, "none", "is text that is no JSON"),
        (SQUARE, [1, 2], "has fewer axes than are wanted: a number stands at [0]"),
        (SQUARE, [[1, 2], 3], "has fewer axes than are wanted: a number stands at [1]"),
        (SQUARE, [[[1], [2]], [[3], [4]]], "has more axes than are wanted at [0, 0]"),
        (SQUARE, [[1, 2]], "has the shape 1 × 2"),
        (SQUARE, [[1, 2], [3]], "is ragged: lists have 1 and 2 values"),
        (SQUARE, [[], []], "is empty"),
        (SQUARE, [], "is empty"),
        (SQUARE, [[1, "2"], [3, 4]], "holds a string at [0, 1]"),
        (SQUARE, [[1, 2], [None, 4]], "holds null at [1, 0]"),
        (SQUARE, [[1, 2], [3, True]], "holds a boolean at [1, 1]"),
        (SQUARE, [[1, 2], [float("nan"), 4]], "holds NaN at [1, 0]"),
        (SQUARE, [[1, 2], [3, 1e999]], "holds an infinite number at [1, 1]"),
        (SQUARE, [[1, 2], [3, 1e39]], "holds too large a number at [1, 1]"),
        (SQUARE, [[1, 2], [3, 10**400]], "holds too large a number"),
        (SQUARE, np.array([[1, 2], [3, np.nan]]), "holds NaN at [1, 1]"),
        (SQUARE, np.array([[True, False], [True, True]]), "holds booleans"),
        (BYTES, [1, 256], "holds 256 at [1]; it must be nested lists of whole numbers from 0 to 255 of the shape *"),
        (BYTES, [-1], "holds -1 at [0]"),
        (BYTES, [1.5], "holds 1.5 at [0]"),
        (PAIRS, [[1, 2, 3]], "has the shape 1 × 3; it must be nested lists of whole numbers of the shape * × 2"),
        (PAIRS, [[2.0**63, 1]], "holds 9.223372036854776e+18 at [0, 0]"),
        (Form([2], "bool"), [1, 0], "holds a number at [0]; it must be nested lists of true and false of the shape 2"),
        (Form([2], "bool"), np.array([1, 0]), "holds no booleans"),
    ],
)
def test_what_is_wrong_with_an_array_is_said(form: Form, value: Any, what: str) -> None:
    with pytest.raises(NoTensor) as caught:
        form.read(value)
    text = str(caught.value)
    assert what in text and (str(form) in text)


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert BYTES.read([1.0, 255]).array.tolist() == [1, 255]
    assert PAIRS.read([[-(2**63), 2**63 - 1]]).array.tolist() == [[-(2**63), 2**63 - 1]]


def test_arrays_of_the_same_content_are_equal_and_can_be_looked_for_in_a_table() -> None:
    same, other = (Tensor(np.array([[1.0, number]])) for number in (2, 3))
    column = pd.Series([same, Tensor(np.array([[1.0, 2.0]])), other, None], dtype=object)
    assert column.duplicated().tolist() == [False, True, False, False] and column.nunique() == 2
    assert same != Tensor(np.array([1.0, 2.0])) and same != [[1.0, 2.0]]
    assert repr(same).startswith("array of 1 × 2 float64 (")


@pytest.mark.parametrize("value", [[[1], [2, 3]], ["a"], 5, [[1], 2], [{}]])
def test_what_is_no_array_at_all_is_refused_whatever_its_shape(value: Any) -> None:
    with pytest.raises(NoTensor):
        read_any(value)
