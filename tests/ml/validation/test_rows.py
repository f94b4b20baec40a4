"""Rows against a signature."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.features.derive import derive
from ml.validation.rows import Validator
from ml.validation.values import LONGEST_TEXT
from tests.serving import packages

VALIDATOR = Validator(packages.SIGNATURE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
VALID = st.fixed_dictionaries(
    {
        "size": st.floats(-3e38, 3e38) | st.integers(-(2**62), 2**62),
        "city": st.text(max_size=20) | st.integers(-(10**6), 10**6) | st.booleans(),
    },
    optional={
        "rooms": st.none() | st.integers(-(10**9), 10**9) | st.integers(-100, 100).map(float),
        "garden": st.none() | st.booleans(),
        "built": st.none() | st.dates().map(str) | st.datetimes().map(lambda timestamp: timestamp.isoformat()),
    },
)


def refusal(**changes: Any) -> tuple[str | None, str]:
    """Return the column and message for a row with these cells changed."""
    checked = VALIDATOR.check([{**packages.ROW, **changes}])
    assert list(checked.errors) == [0] and checked.positions == []
    return checked.errors[0]["column"], checked.errors[0]["message"]


def cell(column: str, value: Any) -> Any:
    """Return the one cell that a valid value becomes."""
    checked = VALIDATOR.check([{**packages.ROW, column: value}])
    assert checked.errors == {}
    return checked.cells[column][0]


@given(st.lists(VALID, min_size=1, max_size=4))
def test_every_valid_row_is_taken_and_can_be_derived(rows: list[dict[str, Any]]) -> None:
    checked = VALIDATOR.check(rows)
    assert checked.errors == {}
    assert derive(packages.SIGNATURE, checked.cells).shape == (len(rows), len(packages.SIGNATURE.features))


@pytest.mark.untraced
@given(st.lists(JSON | st.dictionaries(st.sampled_from([*packages.ROW, "other"]), JSON), max_size=4))
def test_whatever_comes_each_row_is_a_cell_or_an_error_that_json_can_carry(rows: list[Any]) -> None:
    checked = VALIDATOR.check(rows)
    assert sorted([*checked.positions, *checked.errors]) == list(range(len(rows)))
    assert all(len(column) == len(checked.positions) for column in checked.cells.values())
    json.dumps(checked.errors)
    if checked.positions:
        assert not any(map(math.isinf, derive(packages.SIGNATURE, checked.cells).ravel().tolist()))


@pytest.mark.parametrize("value", [True, "3", [3], {"a": 1}, math.nan, math.inf, -math.inf, 1e39, 10**30, 2**63])
def test_a_number_column_refuses_what_is_no_finite_number_of_its_size(value: Any) -> None:
    assert refusal(size=value)[0] == "size"


def test_a_number_outside_of_the_training_range_is_taken() -> None:
    assert cell("size", 1e9) == 1e9


def test_a_whole_number_column_takes_an_integral_float_and_refuses_a_fraction() -> None:
    assert cell("rooms", 3.0) == 3
    assert "whole number" in refusal(rooms=3.5)[1]


def test_null_and_absence_are_taken_only_where_training_had_missing_values() -> None:
    assert cell("rooms", None) is None
    assert "null" in refusal(size=None)[1]
    assert "missing" in VALIDATOR.check([{"city": "Bern"}]).errors[0]["message"]


@pytest.mark.parametrize("value", ["Zürich", "", "seen by nobody"])
def test_an_unseen_category_is_taken(value: str) -> None:
    assert cell("city", value) == value


def test_a_category_is_known_by_the_text_of_its_value() -> None:
    assert (cell("city", 3), cell("city", 3.0), cell("city", True)) == ("3", "3", "True")


def test_half_a_surrogate_pair_and_overlong_text_are_refused() -> None:
    assert "surrogate" in refusal(city="\ud800")[1]
    assert str(LONGEST_TEXT) in refusal(city="x" * (LONGEST_TEXT + 1))[1]


@pytest.mark.parametrize("value", ["yesterday", "2024-02-30", 20240101, ""])
def test_a_date_is_iso_8601(value: Any) -> None:
    assert refusal(built=value)[0] == "built"


@pytest.mark.parametrize("value", [2, -1, 0.5, 10**400, math.nan, "1", "true", "yes", [1]])
def test_a_boolean_is_true_or_false(value: Any) -> None:
    column, message = refusal(garden=value)
    assert column == "garden" and message.startswith("must be true, false, 0 or 1, not ")


@pytest.mark.parametrize(
    ("value", "taken"), [(True, True), (1, True), (1.0, True), (False, False), (0, False), (0.0, False)]
)
def test_a_boolean_may_be_0_or_1_as_in_a_table(value: Any, taken: bool) -> None:
    assert cell("garden", value) is taken


def test_a_column_that_the_model_does_not_have_is_refused_with_the_nearest_name() -> None:
    column, message = refusal(sise=3)
    assert column == "sise" and "Did you mean 'size'?" in message


def test_all_that_is_wrong_with_a_row_is_reported_at_once() -> None:
    column, message = refusal(size="x", garden=3, nonsense=1)
    assert column == "size" and "'garden'" in message and "'nonsense'" in message


def test_a_wrong_row_harms_no_other() -> None:
    checked = VALIDATOR.check([packages.ROW, 3, {**packages.ROW, "size": "x"}, packages.ROW])
    assert checked.positions == [0, 3] and list(checked.errors) == [1, 2]
