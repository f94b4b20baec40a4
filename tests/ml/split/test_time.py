"""A split by time: nothing of the future in training, whatever timestamps look like and whoever they arrive with."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from examples.make_deliveries import COLUMNS, deliveries
from ml.checks.run import check_data
from ml.schema_inference.infer import infer_schema
from ml.split.random import RandomSplit, RandomSplitParams
from ml.split.time import TimeSplit
from ml.split.time_params import TimeSplitParams
from ml.split.timestamps import form_of, newer_than, newest, read_timestamps, written
from schemas.choice import Choice
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError
from schemas.home import ROOT
from schemas.package import SplitRecord
from schemas.split_spec import Ordered, SplitSpec

Sets = NDArray[np.str_]
START = pd.Timestamp("2024-01-01")
DAYS = st.lists(st.integers(0, 60), min_size=12, max_size=80).filter(lambda days: len(set(days)) >= 6)
SHARES = st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.sampled_from([0.1, 0.2, 0.3]))
checked = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def table(days: list[int]) -> pd.DataFrame:
    timestamps = START + pd.to_timedelta(pd.Series(days, dtype="int64"), unit="D")
    return pd.DataFrame({"when": timestamps, "row": range(len(days)), "y": [day % 2 for day in days]})


def assign(rows: pd.DataFrame, test: float = 0.2, validation: float = 0.2, salt: str = "s", **params: Any) -> Sets:
    splitter = TimeSplit(TimeSplitParams(**params))
    return splitter.assign(rows, "y", test=test, validation=validation, by="when", salt=salt)


def broken(days: list[int], sets: Sets, gap: int = 0) -> set[str]:
    """Return which promises of a split by time do not hold; all of them hold for a sound one."""
    found, timestamps = set(), np.array(days)
    train, validation, test = (timestamps[sets == name] for name in ("train", "validation", "test"))
    if train.max() + gap >= validation.min() or max(train.max(), validation.max()) + gap >= test.min():
        found.add("a row of the future")
    if pd.DataFrame({"day": days, "set": sets}).groupby("day")["set"].nunique().max() > 1:
        found.add("equal timestamps in two sets")
    left_out = timestamps[sets == ""]
    near = [(cut - gap <= left_out) & (left_out < cut) for cut in (validation.min(), test.min())]
    if not (near[0] | near[1]).all():
        found.add("a row left out that is in no gap")
    return found


@checked
@given(DAYS, SHARES)
def test_training_is_older_than_validation_and_validation_older_than_test(
    days: list[int], shares: tuple[float, float]
) -> None:
    assert broken(days, assign(table(days), *shares)) == set()


@checked
@given(st.integers(30, 300), SHARES)
def test_shares_are_met_to_a_row_where_no_timestamps_are_equal(count: int, shares: tuple[float, float]) -> None:
    sets = assign(table(list(range(count))), *shares)
    for name, share in zip(("test", "validation"), shares, strict=True):
        assert abs((sets == name).sum() - share * count) <= 1


@checked
@given(DAYS, st.integers(1, 5))
def test_rows_in_the_gap_before_a_cut_are_in_no_set(days: list[int], gap: int) -> None:
    try:
        sets = assign(table(days), gap=f"{gap}d")
    except ContentError as error:
        assert "came out empty" in str(error)
    else:
        assert broken(days, sets, gap) == set()


def one_row_of_the_future(days: list[int], sets: Sets) -> Sets:
    return np.where(np.arange(len(days)) == int(np.argmax(days)), "train", sets)


def cut_by_position(days: list[int], sets: Sets) -> Sets:
    order = np.argsort(days, kind="stable")
    return np.repeat(["train", "validation", "test"], [len(days) - 2, 1, 1])[np.argsort(order)]


def drawn_row_by_row(days: list[int], sets: Sets) -> Sets:
    return RandomSplit(RandomSplitParams()).assign(table(days), "y", test=0.3, validation=0.3, by=None, salt="s")


def row_left_out(days: list[int], sets: Sets) -> Sets:
    return np.where(np.arange(len(days)) == int(np.argmin(days)), "", sets)


@pytest.mark.parametrize(
    ("mutant", "promise"),
    [
        (one_row_of_the_future, "a row of the future"),
        (drawn_row_by_row, "a row of the future"),
        (cut_by_position, "equal timestamps in two sets"),
        (row_left_out, "a row left out that is in no gap"),
    ],
)
def test_the_promises_find_a_splitter_that_breaks_them(mutant: Callable[[list[int], Sets], Sets], promise: str) -> None:
    days = [*range(20), 20, 20, 20, 20]
    sound = assign(table(days))
    assert broken(days, sound) == set()
    assert promise in broken(days, mutant(days, sound))
    assert broken(days, sound, gap=1), "a split without a gap does not pass for one with a gap"


@checked
@given(DAYS, st.randoms(use_true_random=False))
def test_neither_order_nor_salt_nor_other_columns_move_a_row(days: list[int], order: Any) -> None:
    rows = table(days)
    places = list(range(len(days)))
    order.shuffle(places)
    found = assign(rows.iloc[places].reset_index(drop=True).assign(more=1), salt="another")
    assert found.tolist() == assign(rows)[places].tolist()


@checked
@given(DAYS, st.lists(st.integers(-100, 200), max_size=40), st.integers(10, 50))
def test_between_given_cuts_a_row_keeps_its_set_whatever_rows_join(
    days: list[int], others: list[int], cut: int
) -> None:
    cuts: dict[str, Any] = {
        "validation_from": str(START + pd.Timedelta(days=cut - 8)),
        "test_from": str(START + pd.Timedelta(days=cut)),
    }
    anchored = [*days, 0, cut - 4, cut]  # no set is empty
    alone = assign(table(anchored), **cuts, gap="1d")
    together = assign(table([*anchored, *others]), **cuts, gap="1d")
    assert together[: len(anchored)].tolist() == alone.tolist()


@checked
@given(DAYS, st.lists(st.integers(0, 30), min_size=1, max_size=40), SHARES)
def test_newer_rows_move_the_cuts_forward_only(days: list[int], later: list[int], shares: tuple[float, float]) -> None:
    before, newer = table(days), table([*days, *(max(days) + day for day in later)])
    old, new = assign(before, *shares), assign(newer, *shares)[: len(days)]
    rank = {"train": 0, "validation": 1, "test": 2}
    assert all(rank[after] <= rank[earlier] for earlier, after in zip(old, new, strict=True))


def forms(days: list[int]) -> dict[str, pd.Series]:
    timestamps = table(days)["when"]
    return {
        "points in time": timestamps,
        "seconds": timestamps.astype("datetime64[s]"),
        "in a zone": timestamps.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        "ISO text": timestamps.dt.strftime("%Y-%m-%d"),
        "ISO text with offset": timestamps.dt.strftime("%Y-%m-%dT05:30:00+05:30"),
        "objects": timestamps.dt.date.astype("object"),
        "a category of text": timestamps.dt.strftime("%Y-%m-%d").astype("category"),
        "whole numbers": pd.Series(days),
        "nullable numbers": pd.Series(days, dtype="Int64"),
        "numbers with a point": pd.Series(days, dtype="float64"),
        "numbers as text": pd.Series(days).astype("str"),
    }


@pytest.mark.parametrize("form", list(forms([0])))
def test_the_type_of_the_column_does_not_matter(form: str) -> None:
    days = [1, 5, 2, 2, 9, 30, 12, 9, 4, 17, 3, 3, 21, 22]
    assert assign(table(days).assign(when=forms(days)[form])).tolist() == assign(table(days)).tolist()


def test_years_are_told_apart_as_they_are_and_shares_are_met_as_nearly_as_ties_allow() -> None:
    years = pd.DataFrame({"when": [2019] * 50 + [2020] * 30 + [2021] * 20 + [2022], "y": 0})
    sets = pd.DataFrame({"year": years["when"], "set": assign(years)}).drop_duplicates().set_index("year")["set"]
    assert sets.to_dict() == {2019: "train", 2020: "validation", 2021: "test", 2022: "test"}
    cut = assign(years, test_from=2022, validation_from=2020)
    assert pd.Series(cut).value_counts().to_dict() == {"train": 50, "validation": 50, "test": 1}


@pytest.mark.parametrize(
    ("when", "params", "words"),
    [
        (["2024-01-01", None, " "] * 10, {}, ["missing in 20 of 30 rows (rows 2, 3, 5, 6, 8, …)", "remove those rows"]),
        (["2024-01-01", "soon", "2024-01-03"] * 10, {}, ["10 of 30 values", "'soon' (rows 2, 5", "split.format"]),
        (["01/02/2024", "02/02/2024", "03/04/2024"] * 10, {}, ["look like '%d/%m/%Y' or '%m/%d/%Y'", "split.format"]),
        (["13.02.2024", "14.02.2024"] * 10, {"format": "%m/%d/%Y"}, ["written as '%m/%d/%Y'", "look like '%d.%m.%Y'"]),
        (["2024-01-01"] * 30, {}, ["too few different timestamps", "2024-01-01T00:00:00"]),
        (["2024-01-01", "2024-01-02"] * 10, {}, ["too few different timestamps"]),
        ([True, False] * 10, {}, ["holds no timestamps"]),
        ([1.0, float("inf"), 3.0] * 5, {}, ["infinite in 5 rows"]),
        (range(30), {"gap": "2d"}, ["split.gap is '2d'", "holds numbers"]),
        (range(30), {"test_from": "2024-01-01"}, ["split.test_from", "holds numbers; for example test_from: 29"]),
        (pd.date_range(START, periods=30), {"gap": 2}, ["split.gap is 2", "give the unit: 2d"]),
        (pd.date_range(START, periods=30), {"test_from": 2024}, ["split.test_from", "test_from: 2024-06-01"]),
        (
            pd.date_range(START, periods=30),
            {"gap": "9d"},
            ["the validation set came out empty", "gap before both is 9d"],
        ),
        (range(30), {"test_from": 2024.5}, ["the test set came out empty", "2024.5"]),
        (pd.date_range(START, periods=30), {"test_from": "2031-01-01"}, ["the test set came out empty", "2024-01-30"]),
        (
            pd.date_range(START, periods=30),
            {"validation_from": "2024-01-29"},
            ["validation set came out empty", "begins at 2024-01-29", "test at 2024-01-25"],
        ),
    ],
)
def test_what_cannot_be_split_by_time_is_reported_with_column_count_and_remedy(
    when: Any, params: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ContentError) as caught:
        assign(pd.DataFrame({"when": when, "y": 0}), **params)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "when" in str(caught.value)


def test_a_column_that_is_not_given_or_not_there_is_reported() -> None:
    splitter = TimeSplit(TimeSplitParams())
    for by, words in ((None, "needs split.by"), ("wen", "Did you mean 'when'?")):
        with pytest.raises(ContentError, match=words.replace("?", r"\?")):
            splitter.assign(table([1, 2, 3]), "y", test=0.2, validation=0.2, by=by, salt="s")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"gap": "3 days"}, "no span of time"),
        ({"gap": -1}, "less than 0"),
        ({"test_from": "June 2024"}, "no timestamp in ISO 8601"),
        ({"test_from": "2024-01-01", "validation_from": "2024-01-01"}, "is not before test_from"),
        ({"test_from": "2024-01-01T00:30+01:00", "validation_from": "2023-12-31T23:45"}, "is not before test_from"),
        ({"test_from": "2024-01-01", "validation_from": 2023}, "one is a timestamp, the other a number"),
        ({"cut": 1}, "cut"),
        ({"gap": "20000000w"}, "longer than a thousand years"),
        ({"gap": float("nan")}, "no number that a column"),
        ({"test_from": 1e30}, "no number that a column"),
        ({"test_from": float("nan")}, "no number that a column"),
        ({"validation_from": float("-inf")}, "no number that a column"),
        ({"test_from": True}, "true is neither a number nor a text"),
    ],
)
def test_cuts_that_cannot_work_are_found_before_any_row_is_read(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TimeSplitParams(**params)


def step(rows: pd.DataFrame, spec: DataSpec, **params: Any) -> list[pd.DataFrame]:
    from zenml.utils import source_utils

    # A worker of pytest has no main module from whose file ZenML could tell where our source is.
    source_utils.set_custom_source_root(str(ROOT))
    from steps.split.sets import split

    plan = SplitSpec(method=Choice(name="time", params=params), test=0.2, validation=0.2, by="when")
    return list(split.entrypoint(rows, infer_schema(rows, spec), plan, "s"))


def test_the_step_reads_dates_as_they_are_declared_and_leaves_out_what_is_in_no_set(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = table([*range(40)])
    written_out = rows.assign(when=(rows["when"].dt.strftime("%d/%m/%Y")).str.slice(0, 10))[:12]
    spec = DataSpec(source=Choice(name="csv"), target="y", columns={"when": ColumnSpec(format="%d/%m/%Y")})
    sets = step(pd.concat([written_out] * 4, ignore_index=True), spec, gap="1d")
    assert sets[0]["when"].max() < sets[1]["when"].min() and sets[1]["when"].max() < sets[2]["when"].min()
    assert sum(map(len, sets)) == 40 and "8 of 48 rows are in no set" in caplog.text


@pytest.mark.parametrize("form", list(forms([0])))
def test_the_newest_row_that_was_seen_is_written_down_and_read_back(form: str) -> None:
    rows = table([3, 9, 4]).assign(when=forms([3, 9, 4])[form])
    schema = infer_schema(rows.assign(x=[1.5, 2.5, 3.5]), DataSpec(source=Choice(name="csv"), target="y"))
    ordered = Ordered(by="when")
    seen = newest([rows[:1], rows[1:]], ordered, schema)
    assert seen == written(read_timestamps(rows, "when", form_of(ordered, schema)).max())
    later = read_timestamps(rows.assign(when=forms([9, 10, 8])[form]), "when", None)
    assert newer_than(later, str(seen)).tolist() == [False, True, False]  # type: ignore[union-attr]


def test_only_a_split_by_time_has_a_newest_row() -> None:
    record = SplitRecord(method=Choice(name="time"), salt="", test=0.2, validation=0.2, by="when")
    assert record.ordered == Ordered(by="when")
    assert record.model_copy(update={"method": Choice(name="random")}).ordered is None


def test_large_whole_numbers_are_compared_exactly() -> None:
    timestamps = np.array([2**53, 2**53 + 1, 2**53 + 2])
    assert newer_than(timestamps, str(2**53 + 1)).tolist() == [False, False, True]  # type: ignore[union-attr]
    assert newer_than(timestamps.astype(np.float64), "1e16").tolist() == [False] * 3  # type: ignore[union-attr]


def test_a_date_and_a_number_are_not_compared() -> None:
    assert newer_than(np.array([2024]), "2024-01-01T00:00:00") is None
    assert newer_than(np.array(["2024-01-01"], dtype="datetime64[us]"), "2023") is None


def checks_of(rows: pd.DataFrame, **more: Any) -> dict[str, set[str | None]]:
    spec = DataSpec.model_validate(
        {"source": Choice(name="sql"), "target": "outcome", "columns": {"ordered_at": {"parts": ["month", "hour"]}}}
    )
    sets = TimeSplit(TimeSplitParams(gap="1d")).assign(
        rows, "outcome", test=0.2, validation=0.2, by="ordered_at", salt="s"
    )
    train, validation, test = (rows[sets == name].reset_index(drop=True) for name in ("train", "validation", "test"))
    report = check_data(rows, train, validation, test, infer_schema(rows, spec), spec, **more)
    return {
        name: {check.column for check in report.checks if check.name == name and not check.passed}
        for name in ("leakage", "split_drift")
    }


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return pd.DataFrame(deliveries()[0], columns=COLUMNS)


def test_the_checks_do_not_take_time_itself_for_drift(orders: pd.DataFrame) -> None:
    assert checks_of(orders, time="ordered_at") == {"leakage": set(), "split_drift": set()}
    assert checks_of(orders)["split_drift"] == {"ordered_at"}


@pytest.mark.untraced
def test_a_column_that_is_known_only_after_the_event_is_found(orders: pd.DataFrame) -> None:
    hours = np.array(deliveries()[1])
    arrived = pd.to_datetime(orders["ordered_at"]) + pd.to_timedelta(48 + hours.round(), unit="h")
    late = hours > 0
    future = {
        "hours_late": hours,
        "refund_eur": np.where(late, 5.0 + orders["items"], np.nan),
        "complaint": np.where(late, "opened", "none"),
    }
    found = checks_of(orders.assign(**future), time="ordered_at")["leakage"]
    assert found == set(future)
    assert checks_of(orders.assign(arrived_at=arrived), time="ordered_at")["leakage"] == set(), (
        "a timestamp of arrival shows it only beside the timestamp of the order: one column alone does not give it away"
    )
