"""Which set a row is in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.split.hashing import draw, fractions
from ml.split.random import RandomSplit, RandomSplitParams
from ml.split.stratified import StratifiedSplit, StratifiedSplitParams
from schemas.errors import ContentError

VALUE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5)
ROWS = st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=12)


def numbers(rows: list[tuple[object, object]], salt: str = "s") -> list[float]:
    table = pd.DataFrame({"a": [row[0] for row in rows], "b": [row[1] for row in rows]}, dtype="object")
    return list(map(float, fractions(table.infer_objects(), ["a", "b"], salt)))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_a_row_keeps_its_number_when_others_join_and_all_are_shuffled(rows, others, order):
    alone = numbers(rows)
    together = [(row, place) for place, row in enumerate(rows)] + [(row, None) for row in others]
    order.shuffle(together)
    found = numbers([row for row, _ in together])
    assert all(alone[place] == number for (_, place), number in zip(together, found, strict=True) if place is not None)


@pytest.mark.parametrize(
    "same",
    [
        [pd.Series([1, 2]), pd.Series([1.0, 2.0]), pd.Series(["1", "2"]), pd.Series([1, 2], dtype="Int64")],
        [pd.Series([True, False]), pd.Series([True, False, None])[:2], pd.Series(["True", "False"])],
        [pd.Series([None, "a"]), pd.Series([np.nan, "a"], dtype="str"), pd.Series(["", "a"])],
        [pd.Series(["a", "b"]), pd.Series(["a", "b"], dtype="category"), pd.Series(["a", "b"], dtype=object)],
    ],
)
def test_the_type_of_a_column_does_not_matter(same: list[pd.Series]) -> None:
    results = [fractions(pd.DataFrame({"x": column}), ["x"], "s").tolist() for column in same]
    assert all(result == results[0] for result in results)


def test_the_numbers_never_change_between_releases() -> None:
    table = pd.DataFrame({"x": [1.5, 2.0, None], "Fläche m²": ["rot", "grün", "blau"]})
    expected = [0.5029133874247843, 0.06533167999829703, 0.8494420011599618]
    assert fractions(table, list(table.columns), "houses") == pytest.approx(expected, abs=1e-12)


def test_order_of_columns_and_of_rows_does_not_matter_but_the_salt_does() -> None:
    table = pd.DataFrame({"x": range(200), "y": [f"v{i}" for i in range(200)]})
    first = fractions(table, ["x", "y"], "s")
    assert (first == fractions(table[["y", "x"]], ["y", "x"], "s")).all()
    assert abs(np.corrcoef(first, fractions(table, ["x", "y"], "other"))[0, 1]) < 0.2


def test_the_shares_come_out_as_asked_up_to_chance() -> None:
    table = pd.DataFrame({"x": range(20_000), "y": 0})
    sets = RandomSplit(RandomSplitParams()).assign(table, "y", test=0.2, validation=0.1, by=None, salt="s")
    shares = pd.Series(sets).value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.2, abs=0.01)
    assert shares["validation"] == pytest.approx(0.1, abs=0.01)


def test_a_test_row_stays_one_when_the_validation_share_changes() -> None:
    places = np.linspace(0, 0.999, 500)
    small, large = (draw(places, test=0.2, validation=share) for share in (0.1, 0.4))
    assert ((small == "test") == (large == "test")).all()


def test_a_corrected_label_moves_no_row_of_a_random_split() -> None:
    table = pd.DataFrame({"x": range(300), "y": [0, 1, 1] * 100})
    split = RandomSplit(RandomSplitParams())
    before = split.assign(table, "y", test=0.2, validation=0.2, by=None, salt="s")
    after = split.assign(table.assign(y=1), "y", test=0.2, validation=0.2, by=None, salt="s")
    assert (before == after).all()


def test_equal_rows_are_in_the_same_set() -> None:
    table = pd.DataFrame({"x": list(range(100)) * 3, "y": ["a", "b"] * 150})
    sets = StratifiedSplit(StratifiedSplitParams()).assign(table, "y", test=0.3, validation=0.2, by=None, salt="s")
    assert (pd.DataFrame({"x": table["x"], "set": sets}).groupby("x")["set"].nunique() == 1).all()


@pytest.mark.parametrize("split", [RandomSplit(RandomSplitParams()), StratifiedSplit(StratifiedSplitParams())])
def test_an_empty_set_and_a_meaningless_by_are_refused(split: RandomSplit) -> None:
    alike = pd.DataFrame({"x": [1] * 50, "y": [0] * 50})
    with pytest.raises(ContentError, match="came out empty"):
        split.assign(alike, "y", test=0.2, validation=0.2, by=None, salt="s")
    with pytest.raises(ContentError, match=r"split\.by"):
        split.assign(alike, "y", test=0.2, validation=0.2, by="x", salt="s")
