"""The test of categories."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cityblock

from ml.monitoring.hypothesis_tests.total_variation import TotalVariation
from tests.ml.monitoring.hypothesis_tests.columns import ANYTHING, SPEC, column_of, share_below


def run(reference, window, kind="category"):
    return TotalVariation().run(column_of(reference, kind), column_of(window, kind), ANYTHING, SPEC)


def drawn(rng, rows, shares):
    return rng.choice([f"label {number}" for number in range(len(shares))], rows, p=shares).tolist()


def test_the_distance_and_the_chance_are_scipys():
    rng = np.random.default_rng(1)
    first, second = drawn(rng, 400, [0.5, 0.3, 0.2]), drawn(rng, 200, [0.4, 0.3, 0.3])
    table = np.array([[side.count(f"label {number}") for number in range(3)] for side in (first, second)])
    result = run(first, second)
    assert result.value == pytest.approx(cityblock(table[0] / 400, table[1] / 200) / 2)
    assert result.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert result.why == f"the distribution moved by {result.value:.2f}, total variation distance"


def test_the_chance_is_close_to_that_of_shuffled_rows():
    rng = np.random.default_rng(2)
    first, second = drawn(rng, 150, [0.4, 0.3, 0.2, 0.1]), drawn(rng, 100, [0.3, 0.3, 0.2, 0.2])
    pooled, found = np.array(first + second), run(first, second)

    def statistic(rows):
        table = [np.unique(np.concatenate([side, np.unique(pooled)]), return_counts=True)[1] - 1 for side in rows]
        return stats.chi2_contingency(table, correction=False).statistic

    shuffled = [statistic(np.split(rng.permutation(pooled), [150])) for _ in range(1000)]
    assert np.mean(np.array(shuffled) >= statistic([first, second])) == pytest.approx(found.p_value, abs=0.03)


def test_booleans_are_two_categories():
    result = run([True] * 80 + [False] * 20, [True] * 10 + [False] * 40, "boolean")
    assert result.value == pytest.approx(0.6)
    assert result.p_value < 1e-9


def test_labels_beyond_what_a_sketch_holds_count_together():
    rng = np.random.default_rng(3)
    first = [f"label {number}" for number in rng.integers(0, 20_000, 8000)] + ["often"] * 8000
    assert sum(column_of(first, "category").counts.values()) < len(first)
    same = [f"label {number}" for number in rng.integers(20_000, 40_000, 100)] + ["often"] * 100
    assert run(first, same).value == pytest.approx(0, abs=0.1)
    assert run(first, ["often"] * 200).p_value < 1e-9


def test_samples_of_one_distribution_seldom_seem_to_have_moved():
    rng = np.random.default_rng(4)
    shares = rng.dirichlet(np.ones(12))
    results = [run(drawn(rng, 150, shares), drawn(rng, 80, shares)) for _ in range(300)]
    assert share_below([result.p_value for result in results]) <= 0.08


def test_a_column_without_labels_is_not_tested():
    assert run(["a"] * 20, [None] * 20) is None
    assert run([None] * 20, ["a"] * 20) is None
