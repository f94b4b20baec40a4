"""What every drift test must be, and that the catalog is the only place that knows them."""

from typing import ClassVar, get_args

import pytest

from ml.monitoring.hypothesis_tests.catalog import DRIFT_TESTS, run_all
from ml.monitoring.hypothesis_tests.interface import FEWEST_VALUES, DriftTest, DriftTestResult
from schemas.column_types import ScalarType
from tests.ml.monitoring.hypothesis_tests.columns import ANYTHING, SPEC, column_of

VALUES = {
    "number": 1.5,
    "boolean": True,
    "category": "a",
    "identifier": "a",
    "date": "2024-05-05",
}


def statistics_of(kind, rows, tests=DRIFT_TESTS):
    side = column_of([VALUES[kind]] * rows, kind)
    return [result.test.statistic for result in run_all(side, side, ANYTHING, SPEC, tests)]


def test_the_order_is_that_in_which_reports_tell_them():
    assert [test.statistic for test in DRIFT_TESTS] == [
        "missing_share",
        "kolmogorov_smirnov",
        "total_variation",
        "unseen_share",
        "out_of_range_share",
    ]


@pytest.mark.parametrize("test", DRIFT_TESTS, ids=lambda test: test.statistic)
def test_a_test_says_for_which_columns_it_is_and_where_it_is_from(test):
    assert test.kinds
    assert test.kinds <= set(get_args(ScalarType))
    assert "Source:" in (type(test).__doc__ or "")


@pytest.mark.parametrize("test", DRIFT_TESTS, ids=lambda test: test.statistic)
def test_a_column_compared_with_itself_never_alarms(test):
    for kind in test.kinds - {"drop"}:
        side = column_of([VALUES[kind]] * 50, kind)
        result = test.run(side, side, ANYTHING, SPEC)
        assert result is None or (result.test is test and result.value <= result.tolerance and result.p_value == 1.0)


def test_columns_get_the_tests_of_their_type():
    assert statistics_of("number", 20) == ["missing_share", "kolmogorov_smirnov", "out_of_range_share"]
    assert statistics_of("category", 20) == statistics_of("boolean", 20) == ["missing_share", "total_variation"]
    assert statistics_of("date", 20) == ["missing_share", "out_of_range_share"]


@pytest.mark.parametrize("kind", VALUES)
def test_few_values_are_tested_only_for_what_is_missing(kind):
    assert statistics_of(kind, FEWEST_VALUES - 1) == ["missing_share"]


class Rounded(DriftTest):
    """A drift test as a reader of the documentation would add it."""

    statistic: ClassVar[str] = "rounded"
    kinds: ClassVar[frozenset[ScalarType]] = frozenset({"number"})
    fewest_values: ClassVar[int] = 5
    may_be_shown: ClassVar[bool] = False
    judges_distribution: ClassVar[bool] = False

    def run(self, reference, window, expected, spec):
        return DriftTestResult(self, 0.0, spec.threshold, 1.0, "nothing was rounded")


def test_another_test_needs_nothing_but_its_line():
    assert statistics_of("number", 5, (*DRIFT_TESTS, Rounded())) == ["missing_share", "rounded"]
    assert statistics_of("number", 4, (*DRIFT_TESTS, Rounded())) == ["missing_share"]
    assert statistics_of("category", 5, (*DRIFT_TESTS, Rounded())) == ["missing_share"]
