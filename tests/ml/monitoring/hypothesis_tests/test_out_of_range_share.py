"""The test of values outside training's range."""

import numpy as np
import pytest

from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.out_of_range_share import OutOfRangeShare
from ml.monitoring.statistics import excess_p_value
from tests.ml.monitoring.hypothesis_tests.columns import ANYTHING, SPEC, column_of, share_below


def run(reference, window, kind="number", expected=ANYTHING):
    return OutOfRangeShare().run(column_of(reference, kind), column_of(window, kind), expected, SPEC)


def test_the_chance_is_how_often_new_draws_of_any_distribution_fall_outside():
    rng = np.random.default_rng(1)
    draws = rng.exponential(size=(20_000, 60))
    reference, window = draws[:, :40], draws[:, 40:]
    low, high = reference.min(axis=1)[:, None], reference.max(axis=1)[:, None]
    outside = ((window < low) | (window > high)).sum(axis=1)
    for count in (1, 2, 4, 6):
        assert np.mean(outside >= count) == pytest.approx(excess_p_value(count, 20, 2, 39), abs=0.01)


def test_values_outside_are_counted_on_both_sides():
    result = run(np.arange(100.0), [-1.0] * 5 + [50.0] * 80 + [1e9] * 15)
    assert result.value == pytest.approx(0.2)
    assert result.p_value == pytest.approx(excess_p_value(20, 100, 2, 99))
    assert result.why == "20 % of the values lie outside the range of training"


def test_the_declared_range_outweighs_the_reference():
    assert run(np.arange(100.0), [150.0] * 50, expected=Expected(range=(0.0, 200.0))).value == 0.0


def test_infinities_lie_outside():
    assert run(np.arange(100.0), [float("inf")] * 30).value == 1.0
    assert run(np.arange(100.0), [float("-inf")] * 10 + [5.0] * 30).value == pytest.approx(0.25)


def test_without_a_range_nothing_lies_outside():
    assert run([float("inf")] * 20, np.arange(20.0)) is None


@pytest.mark.parametrize(("day", "share"), [("2024-12-01", 0.0), ("2025-12-01", 1.0), ("2023-12-31", 1.0)])
def test_dates_may_be_a_year_later_and_never_earlier(day, share):
    training = [f"2024-{month:02}-01" for month in range(1, 12)] * 4
    assert run(training, [day] * 20, "date").value == share


def test_draws_of_one_distribution_seldom_seem_outside():
    rng = np.random.default_rng(2)
    results = [run(rng.normal(size=50), rng.normal(size=40)) for _ in range(300)]
    assert share_below([result.p_value for result in results]) <= 0.06
