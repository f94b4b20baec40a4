"""A split by group: no group is in two sets, however it is written and whoever joins."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from examples.make_pumps import frame
from ml.checks.leakage import check_leakage
from ml.checks.run import check_data
from ml.schema_inference.infer import infer_schema
from ml.split.group import GroupSplit, GroupSplitParams
from ml.split.random import RandomSplit, RandomSplitParams
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError
from schemas.table_checks import LeakageCheck

Sets = NDArray[np.str_]
NAME = st.text(min_size=1, max_size=6).filter(lambda name: name.strip())
GROUP = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | NAME | st.booleans()
GROUPS = st.lists(GROUP, min_size=30, max_size=90)
checked = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assign(groups: Any, test: float = 0.3, validation: float = 0.3, salt: str = "s", **columns: Any) -> Sets:
    rows = pd.DataFrame({"who": groups, "y": 0}).assign(**columns)
    splitter = GroupSplit(GroupSplitParams())
    return splitter.assign(rows, "y", test=test, validation=validation, by="who", salt=salt)


def in_two_sets(groups: Any, sets: Sets) -> list[str]:
    table = pd.DataFrame({"group": pd.Series(groups).map(repr), "set": sets})
    counts = table.groupby("group")["set"].nunique()
    return list(counts[counts > 1].index)


@pytest.mark.untraced
@pytest.mark.slow
@checked
@given(GROUPS, GROUPS, st.randoms(use_true_random=False))
def test_no_group_is_in_two_sets_and_each_keeps_its_own_when_others_join_in_any_order(
    groups: list[Any], others: list[Any], order: Any
) -> None:
    base = [*range(40), *groups]  # enough groups for three sets
    together = [*base, *others]
    places = list(range(len(together)))
    order.shuffle(places)
    alone = assign(pd.Series(base, dtype="object"), row=range(len(base)))
    found = assign(pd.Series([together[place] for place in places], dtype="object"), row=range(len(together)))
    assert in_two_sets(base, alone) == []
    assert all(alone[place] == name for place, name in zip(places, found, strict=True) if place < len(base))


def test_a_split_row_by_row_does_tear_groups_apart() -> None:
    groups = [number % 20 for number in range(200)]
    rows = pd.DataFrame({"who": groups, "row": range(200), "y": 0})
    sets = RandomSplit(RandomSplitParams()).assign(rows, "y", test=0.3, validation=0.3, by=None, salt="s")
    assert in_two_sets(groups, sets), "else the property above could not fail"


NUMBERS = [3, 1, 2, 1, 3, 44, 5, 6, 7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize(
    "same",
    [
        pd.Series(NUMBERS, dtype="float64"),
        pd.Series(NUMBERS, dtype="Int64"),
        pd.Series(NUMBERS, dtype="int8"),
        pd.Series(NUMBERS, dtype="category"),
        pd.Series(map(str, NUMBERS)),
        pd.Series([f" {number}.0" for number in NUMBERS], dtype="object"),
        pd.Series([*NUMBERS[:7], *map(str, NUMBERS[7:])], dtype="object"),
    ],
)
def test_the_way_a_group_is_written_does_not_matter(same: pd.Series) -> None:
    assert assign(same).tolist() == assign(NUMBERS).tolist()


def test_groups_move_with_the_salt_and_with_nothing_else() -> None:
    groups = list(range(300))
    sets = assign(groups)
    assert sets.tolist() == assign(groups, reading=np.arange(300) * 0.5, y=1).tolist()
    assert (sets != assign(groups, salt="another")).mean() > 0.3
    assert ((sets == "test") == (assign(groups, validation=0.1) == "test")).all()


def test_shares_hold_up_to_chance_counted_in_groups() -> None:
    groups = np.arange(5000)
    shares = pd.Series(assign(groups, test=0.2, validation=0.1)).value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.2, abs=0.02)
    assert shares["validation"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (
            ["a", None, "b", " "] * 5,
            ["'who'", "missing in 10 of 20 rows (rows 2, 4, 6, 8, 10, …)", "remove those rows"],
        ),
        ([7] * 30, ["one group only, '7'", "split=random"]),
        (["7", 7, 7.0] * 10, ["one group only"]),
        (["a", "b"] * 20, ["the 2 groups of column 'who' are too few", "Give more groups"]),
    ],
)
def test_groups_that_cannot_be_split_are_reported(groups: list[Any], words: list[str]) -> None:
    with pytest.raises(ContentError) as caught:
        assign(pd.Series(groups, dtype="object"))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def schema_of(
    rows: pd.DataFrame, target: str, group: str | None, **columns: ColumnSpec
) -> tuple[DataSpec, TableSchema]:
    spec = DataSpec(source=Choice(name="csv"), target=target, columns=columns)
    return spec, infer_schema(rows, spec, group)


def test_the_group_is_no_feature_unless_its_type_is_declared() -> None:
    rows = pd.DataFrame({"who": list(range(30)) * 4, "x": np.arange(120) / 7, "y": ["a", "b"] * 60})
    _, schema = schema_of(rows, "y", "who")
    who, x = schema.columns
    assert (who.type, who.declared, x.type) == ("drop", False, "number")
    assert "says nothing about the rows of other groups" in who.why and "declare its type" in who.why
    assert schema_of(rows, "y", "who", who=ColumnSpec(type="identifier"))[1].columns[0].type == "identifier"
    assert schema_of(rows, "y", None)[1].columns[0].type == "number", "another split has no group"


def checks_of(rows: pd.DataFrame, group: str | None) -> dict[str, set[str | None]]:
    spec, schema = schema_of(rows, "condition", "pump_id")
    sets = GroupSplit(GroupSplitParams()).assign(
        rows, "condition", test=0.2, validation=0.2, by="pump_id", salt="pumps"
    )
    train, validation, test = (rows[sets == name].reset_index(drop=True) for name in ("train", "validation", "test"))
    report = check_data(rows, train, validation, test, schema, spec, group=group)
    return {
        name: {check.column for check in report.checks if check.name == name and not check.passed}
        for name in ("leakage", "split_drift")
    }


@pytest.mark.untraced
def test_the_checks_know_that_rows_of_a_group_are_alike() -> None:
    rows = frame()
    assert checks_of(rows, "pump_id") == {"leakage": set(), "split_drift": set()}
    assert {"site", "built_on"} <= checks_of(rows, None)["split_drift"], "a dozen pumps differ by chance"


def test_a_column_that_only_tells_groups_apart_is_no_leak_and_one_that_knows_the_target_is() -> None:
    pumps = frame()["pump_id"]
    draw = np.random.default_rng(0)
    fate = dict(zip(pumps.unique(), draw.choice(["normal", "failing"], pumps.nunique()), strict=True))
    rows = pd.DataFrame({"pump_id": pumps, "serial": "S-" + pumps.str.slice(2), "x": draw.normal(size=len(pumps))})
    rows["condition"] = rows["pump_id"].map(fate)
    assert checks_of(rows, "pump_id")["leakage"] == set()
    assert checks_of(rows, None)["leakage"] == {"serial"}
    rows["repaired"] = np.where(rows["condition"] == "failing", "ordered", "no")
    assert checks_of(rows, "pump_id")["leakage"] == {"repaired"}


def test_groups_that_take_turns_in_a_large_table_are_all_used() -> None:
    count = 8 * 4376  # every eighth row would be of one group
    groups = np.arange(count) % 8
    draw = np.random.default_rng(0)
    train = pd.DataFrame(
        {"machine": groups, "x": draw.normal(size=count), "y": np.where(draw.random(count) < 0.5, "a", "b")}
    )
    _, schema = schema_of(train, "y", "machine")
    (check,) = check_leakage(train, schema, LeakageCheck(), "machine")
    assert check.passed and "no column alone" in check.message
    train["y"] = np.where(train["x"] > 0, "a", "b")
    assert [check.column for check in check_leakage(train, schema, LeakageCheck(), "machine")] == ["x"]
