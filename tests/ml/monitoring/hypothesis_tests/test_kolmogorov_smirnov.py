"""The test of numbers, against SciPy's, which has all values where ours has sketches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ml.monitoring.hypothesis_tests.kolmogorov_smirnov import KolmogorovSmirnov, kolmogorov_distance
from tests.ml.monitoring.hypothesis_tests.columns import ANYTHING, SPEC, column_of, share_below


def run(reference, window):
    return KolmogorovSmirnov().run(column_of(reference), column_of(window), ANYTHING, SPEC)


def distance(first, second):
    return kolmogorov_distance(column_of(first).numbers, column_of(second).numbers)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("rounding", [8, 0])
def test_the_distance_is_scipys_also_with_ties(shift, rounding):
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=400).round(rounding), (rng.normal(size=200) + shift).round(rounding)
    assert distance(first, second) == pytest.approx(stats.ks_2samp(first, second).statistic)


@settings(max_examples=50, deadline=None)
@given(*[st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=40).map(np.array)] * 2)
def test_the_distance_of_any_numbers_is_the_largest_gap_between_their_cumulative_shares(first, second):
    points = [*first, *second]
    gaps = [abs(float(np.mean(first <= point)) - float(np.mean(second <= point))) for point in points]
    assert distance(first, second) == pytest.approx(max(gaps))


def test_the_distance_of_large_samples_is_close_to_scipys():
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=100_000), rng.normal(0.2, 1.3, size=50_000)
    assert distance(first, second) == pytest.approx(stats.ks_2samp(first, second).statistic, abs=0.01)


@pytest.mark.parametrize("shift", [0.1, 0.3, 0.6])
def test_the_p_value_is_close_to_the_exact_one(shift):
    rng = np.random.default_rng(6)
    first, second = rng.normal(size=364), rng.normal(size=200) + shift
    result, exact = run(first, second), stats.ks_2samp(first, second, method="exact")
    assert result.value == pytest.approx(exact.statistic)
    assert result.p_value == pytest.approx(exact.pvalue, rel=0.2)
    assert result.why == f"the distribution moved by {result.value:.2f}, Kolmogorov-Smirnov distance"


def test_what_the_sketches_may_err_by_counts_for_no_alarm():
    rng = np.random.default_rng(7)
    first, second = rng.normal(size=20_000), rng.normal(0.03, size=20_000)
    assert column_of(first).numbers.error > 0
    assert run(first, second).p_value > stats.ks_2samp(first, second).pvalue


def test_samples_of_one_distribution_seldom_seem_to_have_moved():
    rng = np.random.default_rng(8)
    results = [run(rng.normal(size=80), rng.normal(size=50)) for _ in range(300)]
    assert share_below([result.p_value for result in results]) <= 0.06


def test_a_column_without_finite_numbers_is_not_tested():
    assert run(np.arange(20.0), [float("inf")] * 20) is None
    assert run([float("inf")] * 20, np.arange(20.0)) is None
