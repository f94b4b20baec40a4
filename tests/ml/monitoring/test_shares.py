"""The shares that every report has, whether or not a test was run on them."""

import pytest

from ml.monitoring.expected import Expected
from ml.monitoring.shares import missing_share, out_of_range_share, unseen, unseen_share
from tests.ml.monitoring.hypothesis_tests.columns import column_of


def test_a_column_that_is_not_there_or_has_no_rows_has_no_missing_share():
    assert missing_share(None) is None
    assert missing_share(column_of([])) is None
    assert missing_share(column_of([1.0, None, None, 2.0])) == 0.5


def test_identifiers_are_unseen_by_the_profile_and_categories_by_what_is_known():
    assert unseen(column_of(["a", "b", "b"], "category"), {"a"}) == 2
    assert unseen(column_of(["a", "b", "b"], "identifier", known=["a"]), {"a"}) == 2


@pytest.mark.parametrize(
    ("values", "kind", "known", "share"),
    [(["a", "b"], "category", {"a"}, 0.5), ([None], "category", {"a"}, None), (["a"], "category", None, None)],
)
def test_unseen_shares_are_of_the_values_that_are_there(values, kind, known, share):
    assert unseen_share(column_of(values, kind), Expected(known=known)) == share
    assert unseen_share(column_of([1.0]), Expected(known={"a"})) is None


def test_only_numbers_and_dates_can_be_out_of_range():
    assert out_of_range_share(column_of([1.0, 2.0, 3.0, 9.0]), (2.0, 3.0)) == 0.5
    assert out_of_range_share(column_of([1.0]), None) is None
    assert out_of_range_share(column_of([None]), (2.0, 3.0)) is None
    assert out_of_range_share(column_of(["5"], "category"), (2.0, 3.0)) is None
