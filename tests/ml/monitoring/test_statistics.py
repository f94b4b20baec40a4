"""The statistics against SciPy's and against what they must be."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from ml.monitoring.statistics import excess_p_value, holm, homogeneity_p_value, kolmogorov_p_value, total_variation


@pytest.mark.parametrize("distance", [0.05, 0.12, 0.2, 0.4])
def test_the_kolmogorov_p_value_is_close_to_the_exact_one(distance):
    exact = stats.kstwo.sf(distance, 129)  # one sample of the effective size 364 * 200 / 564
    assert kolmogorov_p_value(distance, 364, 200) == pytest.approx(exact, rel=0.15, abs=1e-8)


def test_total_variation_is_the_share_that_would_have_to_change():
    assert total_variation({"a": 80, "b": 20}, {"a": 5, "c": 5}) == pytest.approx(0.5)
    assert total_variation({"a": 3}, {"a": 700}) == 0.0
    assert total_variation({"a": 3}, {"b": 1}) == 1.0


def test_homogeneity_is_scipys_chi_square():
    first, second = {"a": 50, "b": 30, "c": 20}, {"a": 30, "b": 40, "c": 30}
    table = np.array([list(first.values()), list(second.values())])
    assert homogeneity_p_value(first, second) == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_homogeneity_of_one_category_is_certain_and_of_a_swap_impossible():
    assert homogeneity_p_value({"a": 5}, {"a": 900}) == 1.0
    assert homogeneity_p_value({"a": 500}, {"b": 200}) < 1e-20


def test_rare_categories_do_not_alarm_by_themselves():
    rng = np.random.default_rng(5)
    shares = np.full(400, 1 / 400)
    first, second = ({str(i): int(n) for i, n in enumerate(rng.multinomial(rows, shares)) if n} for rows in (800, 200))
    assert total_variation(first, second) > 0.15
    assert homogeneity_p_value(first, second) > 0.01


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(50, 99), st.integers(50, 99)), min_size=2, max_size=6), st.integers(2, 4))
def test_rare_categories_count_together(frequent, rare):
    first, second = ({f"often {n}": pair[side] for n, pair in enumerate(frequent)} for side in (0, 1))
    table = np.array([[*first.values(), rare], [*second.values(), rare]])
    names = [f"rare {n}" for n in range(rare)]
    spread = [{**side, **dict.fromkeys(names, 1)} for side in (first, second)]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert homogeneity_p_value(*spread) == pytest.approx(expected, rel=1e-9, abs=0)


def exact_excess(count, rows, hits, misses):
    """The same in whole numbers: of all orders of `rows` draws among the hits and misses known, those with as many."""
    ways = (comb(k + hits - 1, k) * comb(rows - k + misses - 1, rows - k) for k in range(count, rows + 1))
    return Fraction(sum(ways), comb(rows + hits + misses - 1, rows))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300), st.floats(0, 1), st.integers(1, 500), st.integers(1, 1_000_000))
@example(300, 1.0, 1, 1_000_000)
@example(300, 0.0, 500, 1)
def test_an_excess_is_the_beta_binomial_tail_down_to_the_smallest_probability(rows, share, hits, misses):
    count = round(share * rows)
    expected = float(exact_excess(count, rows, hits, misses))
    assert excess_p_value(count, rows, hits, misses) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_an_excess_of_a_million_rows_is_answered():
    assert excess_p_value(500, 1_000_000, 1, 1_000_000) == pytest.approx(2.870e-151, rel=1e-3)
    assert excess_p_value(200_000, 1_000_000, 1, 1_000_000) == 0.0
    assert excess_p_value(1, 1_000_000, 1_000_000, 1) == pytest.approx(1.0, rel=1e-8)


def test_no_excess_is_certain():
    assert excess_p_value(0, 200, 6, 396) == 1.0
    assert excess_p_value(200, 200, 1, 400) < 1e-50


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
