"""New rows beside those of training: their sets, their share, what repeats."""

from collections.abc import Hashable

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ml.features.tensors import with_tensors
from ml.retraining.frames import frame_of, labels_of
from ml.retraining.join import Plan, joined, last_of_each, sets_of
from ml.split.random import RandomSplit, RandomSplitParams
from schemas.data import Problem
from schemas.retraining import RetrainSpec

PROBLEM = Problem(target="y", task="binary", classes=["no", "yes"])
PLAN = Plan(RandomSplit(RandomSplitParams()), test=0.2, validation=0.2, by=None, salt="here")


def table(first: int, rows: int) -> pd.DataFrame:
    """Return rows with other inputs for each number, the last column one that no client sends."""
    numbers = range(first, first + rows)
    return pd.DataFrame({"a": list(numbers), "b": [f"b{one}" for one in numbers], "y": "yes", "code": list(numbers)})


def assign(frame: pd.DataFrame) -> list[str]:
    sets = PLAN.splitter.assign(frame, "y", test=0.2, validation=0.2, by=None, salt="here")
    found: list[str] = sets.tolist()
    return found


def test_rows_of_the_journal_have_the_columns_and_the_labels_of_training() -> None:
    like = pd.DataFrame(
        {
            "n": [1, 2],
            "x": [0.5, 1.5],
            "flag": [True, False],
            "when": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "t": ["a", "b"],
            "y": ["no", "yes"],
        }
    )
    rows = [
        {"n": 3, "x": 1, "flag": True, "when": "2026-02-03", "t": "c"},
        {"n": 4.0, "x": "2.5", "flag": False, "when": "2026-02-04T00:00:00", "t": 7},
    ]
    found = frame_of(rows, ["yes", "perhaps"], like, PROBLEM, [])
    assert found.dtypes.astype(str).tolist() == like.dtypes.astype(str).tolist()
    assert found["n"].tolist() == [3, 4] and found["x"].tolist() == [1.0, 2.5] and found["t"].tolist() == ["c", "7"]
    assert found["y"].tolist()[0] == "yes" and found["y"].isna().tolist() == [False, True]


def test_a_label_has_the_form_of_its_class() -> None:
    assert labels_of([1, 1.0, "1", 2, None, [1]], Problem(target="y", task="binary", classes=[0, 1])) == [
        1,
        1,
        1,
        None,
        None,
        None,
    ]
    assert labels_of([1, "2", None, True], Problem(target="y", task="regression")) == [1.0, None, None, None]


def test_new_rows_are_drawn_as_training_draws_them_and_known_ones_stay_where_they_are() -> None:
    original, new = table(0, 300), table(300, 200)
    keys = list(range(200))
    sets = sets_of(new, keys, original, {}, "y", PLAN)
    assert sets.tolist() == assign(pd.concat([original, new], ignore_index=True))[300:]
    assert {"train", "validation", "test"} == set(sets.tolist())
    kept = sets_of(new, keys, original, dict.fromkeys(keys, "test"), "y", PLAN)
    assert set(kept.tolist()) == {"test"}


def test_a_row_that_training_has_is_in_its_set_there_though_a_column_is_missing_here() -> None:
    original = table(0, 300)
    before = assign(original)
    sent = original.assign(code=np.nan)
    known: dict[Hashable, str] = dict(zip(range(300), before, strict=True))
    assert sets_of(sent, list(range(300)), original, known, "y", PLAN).tolist() == before


@given(old=st.integers(1, 400), new=st.integers(0, 400), share=st.floats(0.05, 1.0))
def test_append_keeps_all_of_training_and_the_newest_up_to_the_share(old: int, new: int, share: float) -> None:
    found, kept, taken = joined(table(0, old), table(1000, new), RetrainSpec(share=share), "y")
    assert (kept, len(found)) == (old, kept + taken) and taken <= new
    assert share == 1 or taken <= share * len(found) + 1e-9
    assert taken == new or taken + 1 > share * (old + taken + 1) - 1e-9
    assert found["a"].tolist() == [*range(old), *range(1000 + new - taken, 1000 + new)]


@given(old=st.integers(1, 400), new=st.integers(0, 400), share=st.floats(0.05, 1.0))
def test_thin_keeps_all_new_rows_and_so_many_of_training_that_they_are_the_share(
    old: int, new: int, share: float
) -> None:
    found, kept, taken = joined(table(0, old), table(1000, new), RetrainSpec(join="thin", share=share), "y")
    assert taken == new and len(found) == kept + new
    assert kept == (min(old, round(new * (1 - share) / share)) if new else old)
    assert len(set(found["a"].tolist())) == len(found)


def test_of_rows_with_equal_inputs_the_last_one_stays() -> None:
    assert last_of_each(["a", "b", "a", "c"]).tolist() == [False, True, True, True]


def test_arrays_of_training_are_arrays_of_the_journal() -> None:
    like = with_tensors(pd.DataFrame({"p": [[1.0, 2.0], [3.0, 4.0]], "y": ["no", "yes"]}), [])
    found = frame_of([{"p": [5.0, 6.0]}], ["yes"], like, PROBLEM, [])
    assert found["p"].iloc[0].array.tolist() == [5.0, 6.0]
