"""The best score that any model can have, from rows with equal inputs."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.checks.ceiling import check_ceiling, disagreements, explained, find_ceiling, least_error, weighted_mean
from ml.schema_inference.infer import infer_schema
from schemas.choice import Choice
from schemas.data_spec import DataSpec
from schemas.evaluation import Ceiling


def found(columns: dict[str, Any]) -> Ceiling | None:
    rows = pd.DataFrame(columns)
    return find_ceiling(rows, infer_schema(rows, DataSpec(source=Choice(name="csv"), target="y")))


def noisy(error: float, classes: int, seed: int, rows: int = 4000, inputs: int = 400) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    x = draw.integers(0, inputs, rows)
    wrong = draw.random(rows) < error
    y = np.where(wrong, (x + draw.integers(1, classes, rows)) % classes, x % classes)
    return {"x": x * 1.5, "y": [f"class {label}" for label in y]}


@pytest.mark.parametrize(("error", "classes"), [(0.0, 2), (0.05, 2), (0.1, 2), (0.3, 2), (0.1, 5), (0.4, 5)])
def test_where_labels_are_wrong_equally_often_the_ceiling_is_what_is_left(error: float, classes: int) -> None:
    ceiling = found(noisy(error, classes, seed=3))
    assert ceiling is not None and ceiling.metric == "accuracy"
    assert ceiling.value == pytest.approx(1 - error, abs=0.02) and ceiling.high - ceiling.low < 0.06
    assert ceiling.low <= ceiling.value <= ceiling.high


@pytest.mark.untraced
def test_its_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    ceilings = [found(noisy(0.1, 2, seed, rows=1000, inputs=150)) for seed in range(200)]
    held = sum(one is not None and one.low <= 0.9 <= one.high for one in ceilings)
    assert 178 <= held <= 199  # 95 % of 200, give or take four standard errors below


def test_where_labels_are_wrong_at_some_inputs_only_no_model_is_above_it() -> None:
    draw = np.random.default_rng(5)
    x = draw.integers(0, 300, 6000)
    error = np.where(x < 100, 0.45, 0.0)
    y = (x % 2) ^ (draw.random(6000) < error)
    ceiling = found({"x": x * 1.5, "y": [f"class {label}" for label in y]})
    assert ceiling is not None and ceiling.low > 1 - error[x].mean()  # the bound is not reached, and holds


def test_of_numbers_it_is_the_share_of_the_variance_that_the_inputs_explain() -> None:
    draw = np.random.default_rng(7)
    x = draw.integers(0, 200, 4000)
    means = draw.normal(0, 3, 200)
    ceiling = found({"x": x * 1.5, "y": means[x] + draw.normal(0, 1, 4000)})
    assert ceiling is not None and ceiling.metric == "r2"
    truth = 1 - 1 / (means[x].var() + 1)
    assert ceiling.low <= truth <= ceiling.high and "standard deviation of" in explained(ceiling)


@pytest.mark.parametrize(
    "columns",
    [
        {"x": np.arange(200) / 3, "y": ["a", "b"] * 100},  # no input comes twice
        {"x": [*np.arange(15)] * 14, "z": [*np.arange(14)] * 15, "y": ["a", "b"] * 105},  # nor does any pair
        {"x": [1.5] * 100 + [2.5] * 100, "y": ["a", "b"] * 100},  # two inputs
        {"x": [*np.repeat(np.arange(40.0), 2), *np.arange(100.0, 300.0)], "y": ["a", "b"] * 140},  # a minority
    ],
)
def test_too_few_equal_rows_give_no_ceiling(columns: dict[str, Any]) -> None:
    assert found(columns) is None and check_ceiling(found(columns), "y") == []


def test_columns_that_the_model_does_not_see_make_no_difference() -> None:
    rows = noisy(0.1, 2, seed=3)
    with_names = {**rows, "name": [f"row {number}" for number in range(len(rows["x"]))]}
    assert found(with_names) == found(rows)


def test_rows_that_never_disagree_say_so_with_an_interval() -> None:
    ceiling = found(noisy(0.0, 2, seed=3))
    assert ceiling is not None and (ceiling.value, ceiling.high) == (1, 1) and 0.98 < ceiling.low < 1
    (check,) = check_ceiling(ceiling, "y")
    assert check.passed and check.value == 1 and "equal rows always have the same target" in check.message


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=40))
def test_disagreement_is_the_share_of_pairs(rows: list[tuple[int, int]]) -> None:
    names = sorted({group for group, _ in rows})
    groups = np.array([names.index(group) for group, _ in rows])
    codes = np.array([code for _, code in rows])
    expected = [_by_hand(codes[groups == place]) for place in range(len(names))]
    assert disagreements(groups, codes) == pytest.approx(expected)


def _by_hand(codes: NDArray[np.int64]) -> float:
    pairs = [codes[one] != codes[other] for one in range(len(codes)) for other in range(one)]
    return sum(pairs) / len(pairs) if pairs else 0.0


@given(st.floats(0, 1), st.integers(2, 20))
def test_the_least_error_is_what_gives_this_disagreement(disagreement: float, classes: int) -> None:
    most = (classes - 1) / classes
    error = least_error(disagreement, classes)
    assert 0 <= error <= most
    if disagreement <= most:
        assert error * (2 - error / most) == pytest.approx(disagreement, abs=1e-9)


def test_the_weighted_mean_is_exact_without_spread() -> None:
    mean, low, high = weighted_mean(np.full(50, 0.25), np.arange(2.0, 52.0))
    assert mean == pytest.approx(0.25) and math.isclose(low, 0.25) and math.isclose(high, 0.25)
