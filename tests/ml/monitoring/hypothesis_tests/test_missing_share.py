"""The test of missing values."""

import numpy as np
import pytest
from scipy import stats

from ml.monitoring.hypothesis_tests.missing_share import MissingShare
from tests.ml.monitoring.hypothesis_tests.columns import ANYTHING, SPEC, column_of, share_below


def run(reference, window):
    before, now = (column_of([1.0] * (rows - missing) + [None] * missing) for missing, rows in (reference, window))
    return MissingShare().run(before, now, ANYTHING, SPEC)


@pytest.mark.parametrize(("reference", "window"), [((3, 100), (25, 60)), ((60, 100), (10, 60)), ((0, 50), (60, 60))])
def test_a_jump_either_way_is_as_improbable_as_the_beta_binomial_says(reference, window):
    result = run(reference, window)
    (before, trained), (now, rows) = reference, window
    assert result.value == pytest.approx(abs(now / rows - before / trained))
    expected = stats.betabinom(rows, before + 1, trained - before + 1)
    tail = expected.pmf(np.arange(now, rows + 1) if now / rows > before / trained else np.arange(now + 1)).sum()
    assert result.p_value == pytest.approx(min(1.0, 2 * tail), rel=1e-9, abs=0)


def test_a_difference_that_is_tolerated_is_not_improbable():
    result = run((10, 100), (11, 100))
    assert result.value <= result.tolerance == SPEC.missing
    assert result.p_value == 1.0
    assert result.why == "11 % of the values are missing, 10 % were in training"


def test_the_reason_says_that_there_were_none_before_or_are_none_now():
    assert run((0, 500), (20, 200)).why == "10 % of the values are missing, none was in training"
    assert run((150, 500), (0, 200)).why == "no value is missing, 30 % were in training"
    assert run((0, 500), (0, 200)).why == "no value is missing, 0 % were in training"


@pytest.mark.parametrize("rows", [200, 300, 1000])
def test_a_tenth_newly_missing_is_improbable_beside_a_hundred_other_tests(rows):
    result = run((0, 500), (rows // 10, rows))
    assert result.value > result.tolerance
    assert result.p_value < SPEC.significance / 100


def test_equal_rates_seldom_seem_to_have_jumped():
    rng = np.random.default_rng(1)
    results = [run((rng.binomial(60, 0.3), 60), (rng.binomial(40, 0.3), 40)) for _ in range(300)]
    assert share_below([result.p_value for result in results]) <= 0.06
