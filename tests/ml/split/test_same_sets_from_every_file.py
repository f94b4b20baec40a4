"""A row is in the same set whatever kind of file it comes from: types differ there, content does not."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.parquet import ParquetParams, ParquetSource
from ml.sources.sql import SqlSource
from ml.sources.sql_params import SqlParams
from ml.split.group import GroupSplit, GroupSplitParams
from ml.split.hashing import fractions
from ml.split.random import RandomSplit, RandomSplitParams
from ml.split.stratified import StratifiedSplit, StratifiedSplitParams

ROWS = 120
DAYS = [date(2024, 1, 1) + timedelta(days=place % 40) for place in range(ROWS)]
TIMESTAMPS = [datetime(2023, 12, 31, 22, 30) + timedelta(minutes=977 * place) for place in range(ROWS)]
CENTS = [Decimal(7 * place % 1000).scaleb(-2) for place in range(ROWS)]
FLAGS = [place % 3 == 0 for place in range(ROWS)]
IDS = [2**53 + 3 * place for place in range(ROWS)]
TENTHS = np.array([place / 10 for place in range(ROWS)], dtype=np.float32)


def parquet(folder: Path, day: pa.DataType, moment: pa.DataType, tenth: pa.DataType) -> pd.DataFrame:
    utc = [value.replace(tzinfo=UTC) if moment.tz else value for value in TIMESTAMPS]
    columns = {
        "day": pa.array(DAYS).cast(day),
        "moment": pa.array(utc, moment),
        "cents": pa.array(CENTS, pa.decimal128(9, 2)),
        "flag": pa.array(FLAGS),
        "id": pa.array(IDS, pa.uint64()),
        "tenth": pa.array(TENTHS).cast(tenth),
        "word": pa.array([f"w{place % 7}" for place in range(ROWS)]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), folder / "rows.parquet")
    return ParquetSource(ParquetParams(path=str(folder / "rows.parquet"))).read()


def texts(moment: Callable[[datetime], str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": list(map(str, DAYS)),
            "moment": list(map(moment, TIMESTAMPS)),
            "cents": list(map(str, CENTS)),
            "flag": list(map(str, FLAGS)),
            "id": list(map(str, IDS)),
            "tenth": [str(value) for value in TENTHS],
            "word": [f"w{place % 7}" for place in range(ROWS)],
        }
    )


def csv(folder: Path) -> pd.DataFrame:
    texts(lambda one: one.isoformat(" ")).to_csv(folder / "rows.csv", index=False)
    return CsvSource(CsvParams(path=str(folder / "rows.csv"))).read()


def berlin(folder: Path) -> pd.DataFrame:
    one_hour_on = texts(lambda one: f"{(one + timedelta(hours=1)).isoformat(timespec='milliseconds')}+01:00")
    one_hour_on.to_csv(folder / "rows.csv", index=False)
    return CsvSource(CsvParams(path=str(folder / "rows.csv"))).read()


def sqlite(folder: Path) -> pd.DataFrame:
    table = texts(str).assign(cents=list(map(float, CENTS)), flag=list(map(int, FLAGS)), id=IDS)
    with sqlite3.connect(folder / "rows.db") as connection:
        table.to_sql("rows", connection, index=False)
    params = SqlParams(url=f"sqlite:///{folder / 'rows.db'}", table="rows")
    return SqlSource(params, lambda _: "").read()


def objects(folder: Path) -> pd.DataFrame:
    rows = {"day": DAYS, "moment": TIMESTAMPS, "cents": CENTS, "flag": FLAGS, "id": IDS, "tenth": list(TENTHS)}
    return pd.DataFrame(rows, dtype="object").assign(word=texts(str)["word"].astype("category"))


KINDS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "date32": lambda folder: parquet(folder, pa.date32(), pa.timestamp("ns"), pa.float32()),
    "zones": lambda folder: parquet(folder, pa.timestamp("ms"), pa.timestamp("us", "Asia/Tokyo"), pa.float64()),
    "csv with a zone": berlin,
    "sqlite": sqlite,
    "objects": objects,
}


def sets(rows: pd.DataFrame) -> dict[str, list[str]]:
    shares: dict[str, Any] = {"test": 0.3, "validation": 0.3, "salt": "s"}
    found = {
        "random": RandomSplit(RandomSplitParams()).assign(rows, "word", by=None, **shares),
        "stratified": StratifiedSplit(StratifiedSplitParams()).assign(rows, "flag", by=None, **shares),
    }
    for by in ("day", "moment", "id", "tenth"):
        found[by] = GroupSplit(GroupSplitParams()).assign(rows, "word", by=by, **shares)
    return {name: drawn.tolist() for name, drawn in found.items()}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "zones"])
def test_rows_of_another_file_have_the_same_sets(kind: str, tmp_path: Path) -> None:
    assert sets(KINDS[kind](tmp_path)) == sets(csv(tmp_path))


def test_points_in_time_with_a_zone_and_of_another_unit_are_the_same_timestamps(tmp_path: Path) -> None:
    rows = KINDS["zones"](tmp_path)
    expected = csv(tmp_path)
    rows["tenth"] = expected["tenth"]  # stored as float64, 0.10000000149011612 is that number
    assert sets(rows) == sets(expected)


@pytest.mark.parametrize(
    "same",
    [
        [pd.Series([0.1, 16.7], dtype="float32"), pd.Series([0.1, 16.7]), pd.Series([0.1, 16.7], dtype="Float32")],
        [pd.Series([0.1, 2.5], dtype="float16"), pd.Series(["0.1", "2.5"]),
         pd.Series([np.float16(0.1), 2.5], dtype="object")],
        [pd.Series([True, None], dtype="boolean"), pd.Series(["TRUE", ""]), pd.Series([1.0, np.nan]),
         pd.Series([True, None])],
        [pd.Series([date(1969, 12, 31), date(1970, 1, 1)]), pd.Series(["1969-12-31", "1970-01-01T00:00Z"]),
         pd.to_datetime(pd.Series(["1969-12-31", "1970-01-01"])).astype("category")],
        [pd.Series([pd.Timestamp("1960-01-01T01:00:00.123456789Z"), None]),
         pd.Series(["1960-01-01 02:00:00.123456+01:00", None]), pd.Series(["1959-12-31T23:30:00.123456789-0130", " "])],
        [pd.Series([2**63, 1], dtype="uint64"), pd.Series([str(2**63), "1"]), pd.Series([Decimal(2**63), Decimal(1)]),
         pd.Series([2.0**63, 1])],
        [pd.Series([np.inf, 1]), pd.Series(["inf", "1"]), pd.Series([np.inf, 1], dtype="object")],
    ],
)  # fmt: skip
def test_content_counts_and_not_its_type(same: list[pd.Series]) -> None:
    results = [fractions(pd.DataFrame({"x": column}), ["x"], "s").tolist() for column in same]
    assert all(result == results[0] for result in results)


ZONES: st.SearchStrategy[Any] = st.sampled_from(
    [None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))]
)
CELLS = st.tuples(
    st.dates(), st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES), st.booleans(),
    st.floats(width=32, allow_nan=False), st.integers(-(2**63), 2**63 - 1),
)  # fmt: skip


@pytest.mark.untraced
@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=8))
def test_cells_of_a_type_their_text_and_bare_objects_have_the_same_numbers(rows: list[tuple[Any, ...]]) -> None:
    names = ["day", "moment", "flag", "narrow", "whole"]
    objects = pd.DataFrame([[*row[:3], np.float32(row[3]), row[4]] for row in rows], columns=names, dtype="object")
    timestamps = [one if one.tzinfo is None else one.astimezone(UTC).replace(tzinfo=None) for one in objects["moment"]]
    typed = objects.assign(
        day=np.array(objects["day"], dtype="datetime64[s]"),
        moment=pd.Series(np.array(timestamps, dtype="datetime64[us]"))
        .dt.tz_localize("UTC")
        .dt.tz_convert("Asia/Tokyo"),
        flag=objects["flag"].astype("bool"),
        narrow=objects["narrow"].astype("float32"),
        whole=objects["whole"].astype("int64"),
    )
    texts = objects.map(str)
    expected = fractions(typed, names, "s").tolist()
    assert fractions(objects, names, "s").tolist() == fractions(texts, names, "s").tolist() == expected


def test_different_timestamps_and_what_is_no_timestamp_stay_apart() -> None:
    column = pd.Series(["2024-01-01", "2024-01-01T00:00:01", "2024-01-01T00:00:00+01:00", "2024-02-30", "2024-01", "0"])
    assert len(np.unique(fractions(column.to_frame("x"), ["x"], "s"))) == len(column)
    assert (fractions(column[3:].to_frame("x"), ["x"], "s") == fractions(column.to_frame("x"), ["x"], "s")[3:]).all()


def test_a_row_of_float32_bits_keeps_its_number_beside_one_of_float64() -> None:
    narrow, wide = np.float32(0.1), float(np.float32(0.1))
    found = fractions(pd.DataFrame({"x": pd.Series([wide, narrow], dtype="object")}), ["x"], "s")
    assert found.tolist() == fractions(pd.DataFrame({"x": [wide, 0.1]}), ["x"], "s").tolist()
