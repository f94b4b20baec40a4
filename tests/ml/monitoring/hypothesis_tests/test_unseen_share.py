"""The test of values that training never had."""

import numpy as np
import pytest
from scipy import stats

from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.unseen_share import UnseenShare
from tests.ml.monitoring.hypothesis_tests.columns import ANYTHING, SPEC, column_of, share_below


def run(reference, window, kind):
    known = frozenset(reference)
    before, now = (column_of(values, kind, known) for values in (reference, window))
    return UnseenShare().run(before, now, Expected(known=known), SPEC)


@pytest.mark.parametrize("kind", ["category", "identifier"])
def test_new_values_are_as_improbable_as_values_seen_once_let_expect(kind):
    reference = ["a"] * 60 + ["b"] * 35 + [f"once {number}" for number in range(5)]
    result = run(reference, ["a"] * 40 + ["new"] * 10, kind)
    assert result.value == pytest.approx(0.2)
    assert result.p_value == pytest.approx(stats.betabinom.pmf(np.arange(10, 51), 50, 6, 96).sum(), rel=1e-9, abs=0)
    assert result.why == "20 % of the values never occurred in training"


def test_a_share_that_is_tolerated_is_not_improbable():
    result = run(["a"] * 100, ["a"] * 200 + ["new"], "category")
    assert result.value <= result.tolerance == SPEC.unseen
    assert result.p_value == 1.0


def test_where_any_value_is_valid_none_is_new():
    before, now = (column_of([text] * 20, "category") for text in ("a", "b"))
    assert UnseenShare().run(before, now, ANYTHING, SPEC) is None


@pytest.mark.untraced
def test_draws_from_many_rare_values_seldom_seem_new():
    rng = np.random.default_rng(1)
    pools = [[f"u{number}" for number in rng.integers(0, 300, 200)] for _ in range(300)]
    results = [run(pool[:120], pool[120:], "identifier") for pool in pools]
    assert min(result.value for result in results) > SPEC.unseen
    # The share of values seen once is itself an estimate: the test errs a little more often than its level.
    assert share_below([result.p_value for result in results]) <= 0.1
