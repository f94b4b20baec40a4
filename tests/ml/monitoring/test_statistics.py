"""The statistics against SciPy's and against what they must be."""

import numpy as np
import pytest
from scipy import stats

from ml.monitoring.hypothesis_tests import kolmogorov_distance
from ml.monitoring.profiles import profile
from ml.monitoring.statistics import excess_p_value, holm, homogeneity_p_value, kolmogorov_p_value, total_variation


def numbers(values):
    column = profile({"x": np.asarray(values, dtype=float)}, {"x": "number"}).column("x")
    assert column is not None and column.numbers is not None
    return column.numbers


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("rounding", [8, 0])
def test_the_distance_is_scipys_also_with_ties(shift, rounding):
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=400).round(rounding), (rng.normal(size=200) + shift).round(rounding)
    assert kolmogorov_distance(numbers(first), numbers(second)) == pytest.approx(
        stats.ks_2samp(first, second).statistic
    )


def test_the_distance_of_large_samples_is_close_to_scipys():
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=100_000), rng.normal(0.2, 1.3, size=50_000)
    assert kolmogorov_distance(numbers(first), numbers(second)) == pytest.approx(
        stats.ks_2samp(first, second).statistic, abs=0.01
    )


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


def test_an_excess_is_the_beta_binomial_tail():
    assert excess_p_value(30, 200, 6, 396) == pytest.approx(stats.betabinom.sf(29, 200, 6, 396))
    assert excess_p_value(0, 200, 6, 396) == 1.0
    assert excess_p_value(200, 200, 1, 400) < 1e-50


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
