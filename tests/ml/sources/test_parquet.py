"""Parquet files: one, folders of parts and globs; what is read, and what is refused before anything starts."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec import AbstractFileSystem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.parquet import ParquetParams, ParquetSource
from schemas.errors import ContentError
from tests.ml.conftest import Plan

ROWS = pa.table({"x": [1, 2, 3], "y": ["a", "b", None]})
DAY = pd.Timestamp("2024-03-31 01:30")
PLAIN: list[tuple[pa.Array, str, object]] = [
    (pa.array([1, 2], pa.int8()), "int64", 1),
    (pa.array([1, None], pa.int32()), "Int64", 1),
    (pa.array([2**63, 1], pa.uint64()), "uint64", 2**63),
    (pa.array([1.5, None], pa.float32()), "float64", 1.5),
    (pa.array([Decimal("1.25"), None], pa.decimal128(9, 2)), "float64", 1.25),
    (pa.array([True, False]), "bool", True),
    (pa.array([True, None]), "boolean", True),
    (pa.array(["Ü", None]), "str", "Ü"),
    (pa.array(["b", "a"]).dictionary_encode(), "str", "b"),
    (pa.array([7, 8]).dictionary_encode(), "int64", 7),
    (pa.array([19_813, None], pa.date32()), "datetime64[us]", DAY.normalize()),
    (pa.array([DAY, None], pa.timestamp("ns")), "datetime64[us]", DAY),
    (pa.array([DAY, None], pa.timestamp("ms", tz="Europe/Berlin")), "datetime64[us]", DAY),
    (pa.nulls(2), "float64", None),
]
NESTED = {
    "tags": pa.array([["a"]]),
    "place": pa.array([{"x": 1}]),
    "extra": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
    "raw": pa.array([b"a"]),
    "at": pa.array([1], pa.time64("us")),
    "took": pa.array([1], pa.duration("s")),
}


def source(path: Path | str, **options: Any) -> ParquetSource:
    return ParquetSource(ParquetParams(path=str(path), **options))


def written(folder: Path, table: pa.Table = ROWS, name: str = "sales.parquet", **options: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return path


@pytest.mark.parametrize(("column", "dtype", "first"), PLAIN, ids=[str(column.type) for column, *_ in PLAIN])
def test_a_type_is_read_as_the_plain_one_that_holds_it(
    tmp_path: Path, column: pa.Array, dtype: str, first: object
) -> None:
    table = source(written(tmp_path, pa.table({"c": column})))
    frame = table.read()
    assert table.preflight() == [] and table.header() == ["c"]
    assert str(frame["c"].dtype) == dtype
    assert frame["c"].isna().tolist() == [value is None for value in column.to_pylist()]
    assert first is None or frame["c"][0] == first


def test_all_columns_without_single_values_are_named_with_their_types(tmp_path: Path) -> None:
    table = source(written(tmp_path, pa.table({"x": [1], **NESTED})))
    (fault,) = table.preflight()
    for name, column in NESTED.items():
        assert f"{name!r} ({str(column.type).split('<')[0]}" in fault.message
    assert table.header() is None
    with pytest.raises(ContentError, match=r"'tags'.*'took'"):
        table.read()
    assert list(source(tmp_path / "sales.parquet", leave_out=list(NESTED)).read().columns) == ["x"]


def test_a_plan_refuses_nested_columns_and_writes_nothing(tmp_path: Path, plan: Plan) -> None:
    path = written(tmp_path, pa.table({"x": [1], **NESTED}))
    code, text = plan("parquet", f"{{path: {path}, target: x}}")
    assert code == 2 and "data.path" in text and "leave_out: [tags, place, extra, raw, at, took]" in text
    code, text = plan("parquet", f"{{path: {path}, target: z, leave_out: [tag]}}")
    assert code == 2 and "data.leave_out: there is no column 'tag'. Did you mean 'tags'?" in text


def test_a_relative_path_is_found_beside_the_experiment(tmp_path: Path, plan: Plan) -> None:
    written(tmp_path / "conf" / "experiment")
    assert plan("parquet", "{path: sales.parquet, target: x}")[0] == 0
    code, text = plan("parquet", "{path: sale.parquet, target: x}")
    assert code == 2 and "there is no file" in text


@pytest.mark.untraced
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    values=st.lists(st.tuples(st.none() | st.integers(-9, 9), st.none() | st.text("aé", max_size=3)), min_size=1),
    group=st.integers(1, 7),
    rows=st.integers(1, 7),
)
def test_chunks_are_equal_in_type_and_together_the_whole(
    tmp_path: Path, values: list[tuple[int | None, str | None]], group: int, rows: int
) -> None:
    numbers, texts = zip(*values, strict=True)
    table = pa.table({"n": pa.array(numbers, pa.int16()), "t": pa.array(texts, pa.string())})
    parts = source(written(tmp_path, table, row_group_size=group))
    found = [chunk.values for chunk in parts.chunks_as_stored(rows, ())]
    assert {tuple(map(str, chunk.dtypes)) for chunk in found} == {("Int64", "str")}
    assert all(0 < len(chunk) <= rows for chunk in found)
    joined = pd.concat(found, ignore_index=True)
    assert joined["n"].astype("object").where(joined["n"].notna(), None).tolist() == list(numbers)
    pd.testing.assert_frame_equal(joined.astype(parts.read().dtypes.to_dict()), parts.read())


def test_a_source_without_chunks_is_sliced(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("x,y\n1,a\n2,\n,c\n", encoding="utf-8")
    table = CsvSource(CsvParams(path=str(tmp_path / "sales.csv")))
    found = list(table.chunks(2))
    assert [len(chunk) for chunk in found] == [2, 1] and found[1].index.tolist() == [0]
    assert found[0].dtypes.to_dict() == found[1].dtypes.to_dict()
    pd.testing.assert_frame_equal(pd.concat(found, ignore_index=True), table.read())


def test_a_folder_is_all_its_parts_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, first in (("b", 10), ("a", 0)):
        written(tmp_path / "sales", pa.table({"x": pa.array([first, first + 1], pa.int32())}), f"part-{name}.parquet")
    written(tmp_path / "sales" / "_temporary", pa.table({"x": [99]}), "part-0.parquet")
    (tmp_path / "sales" / "_SUCCESS").touch()
    (tmp_path / "sales" / "notes.txt").write_text("no rows")
    assert source(tmp_path / "sales").read()["x"].tolist() == [0, 1, 10, 11]
    assert source(tmp_path / "sales" / "part-*.parquet").read()["x"].tolist() == [0, 1, 10, 11]
    assert source(tmp_path / "sales" / "part-[a].parquet").read()["x"].tolist() == [0, 1]


def test_columns_that_folders_name_are_columns(tmp_path: Path) -> None:
    for year, region in ((2023, "no%20rth"), (2024, "__HIVE_DEFAULT_PARTITION__")):
        written(tmp_path / "sales", pa.table({"x": [year]}), f"year={year}/region={region}/0.parquet")
    frame = source(tmp_path / "sales").read()
    assert frame["year"].tolist() == [2023, 2024] and str(frame["year"].dtype) == "int64"
    assert frame["region"][0] == "no rth" and pd.isna(frame["region"][1])
    assert list(source(tmp_path / "sales", leave_out=["x"]).read().columns) == ["year", "region"]


def test_a_column_that_folders_name_can_be_left_out_and_be_missing_in_some(tmp_path: Path) -> None:
    for year in ("2023", "__HIVE_DEFAULT_PARTITION__"):
        written(tmp_path / "sales", ROWS, f"year={year}/0.parquet")
    frame = source(tmp_path / "sales").read()
    assert str(frame["year"].dtype) == "Int64" and frame["year"].isna().tolist() == [False] * 3 + [True] * 3
    assert list(source(tmp_path / "sales", leave_out=["year"]).read().columns) == ["x", "y"]
    (fault,) = source(tmp_path / "sales", leave_out=["yeer"]).preflight()
    assert "Did you mean 'year'?" in fault.message and "'year'" in fault.hint


def test_leaving_out_every_column_is_a_fault(tmp_path: Path) -> None:
    (fault,) = source(written(tmp_path), leave_out=["x", "y"]).preflight()
    assert fault.path == "leave_out" and "no column is left" in fault.message


def test_names_that_stand_twice_in_a_later_part_are_a_fault(tmp_path: Path) -> None:
    written(tmp_path / "s", pa.table({"x": [1], "y": [2]}), "0.parquet")
    written(tmp_path / "s", pa.table([[1], [2], [3]], names=["x", "y", "y"]), "1.parquet")
    (fault,) = source(tmp_path / "s").preflight()
    assert "'y' stand twice" in fault.message and "1.parquet" in fault.message


def test_a_column_that_only_a_later_part_has_can_be_left_out(tmp_path: Path) -> None:
    for name, table in (("0", pa.table({"x": [1]})), ("1", pa.table({"x": [2], "m": [3]}))):
        written(tmp_path / "s", table, f"{name}.parquet")
    assert source(tmp_path / "s", leave_out=["m"]).read().to_dict("list") == {"x": [1, 2]}


def test_large_whole_numbers_of_parts_of_either_sign_stay_exact(tmp_path: Path) -> None:
    for name, kind in (("0", pa.int64()), ("1", pa.uint64())):
        written(tmp_path / "s", pa.table({"id": pa.array([2**53 + 1], kind)}), f"{name}.parquet")
    assert source(tmp_path / "s").read()["id"].tolist() == [2**53 + 1] * 2
    written(tmp_path / "s", pa.table({"id": pa.array([2**63], pa.uint64())}), "2.parquet")
    with pytest.raises(ContentError, match="column 'id' cannot be read"):
        source(tmp_path / "s").read()


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.decimal128(5, 1)])
def test_narrow_floats_and_decimals_are_read_as_the_numbers_that_they_print_as(
    tmp_path: Path, kind: pa.DataType
) -> None:
    tenths = [Decimal(place).scaleb(-1) for place in range(1, 200)]
    values = pa.array(tenths if pa.types.is_decimal(kind) else np.array(tenths, kind.to_pandas_dtype()), kind)
    column = source(written(tmp_path, pa.table({"x": pa.concat_arrays([values, pa.nulls(1, kind)])}))).read()["x"]
    assert column[:-1].tolist() == [float(value) for value in tenths] and pd.isna(column.iloc[-1])


class Unreachable(AbstractFileSystem):  # type: ignore[misc]
    """As S3 without a network: its errors are of a class of its client, and say more than one line."""

    protocol = "unreachable"

    def info(self, path: str, **_: Any) -> Any:
        raise RuntimeError("Unable to locate\ncredentials")

    _open = ls = info


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_a_file_system_that_fails_in_its_own_way_is_a_fault_of_the_path(name: str, plan: Plan) -> None:
    fsspec.register_implementation("unreachable", Unreachable, clobber=True)
    url = f"unreachable://bucket/rows.{name}"
    code, text = plan(name, f"{{path: '{url}', target: y}}")
    assert code == 2 and f"data.path: {url} cannot be read: Unable to locate credentials" in text
    made: ParquetSource | CsvSource = source(url) if name == "parquet" else CsvSource(CsvParams(path=url))
    assert made.header() is None and made.fingerprint() is None
    with pytest.raises(ContentError, match="Unable to locate credentials"):
        made.read()


def test_parts_may_differ_in_width_but_not_in_kind_or_columns(tmp_path: Path) -> None:
    written(tmp_path, pa.table({"x": pa.array([1], pa.int32()), "n": pa.nulls(1)}), "s/1.parquet")
    written(tmp_path, pa.table({"x": [1.5], "n": ["a"]}), "s/2.parquet")
    assert source(tmp_path / "s").read()["x"].tolist() == [1.0, 1.5]
    assert source(tmp_path / "s").read()["n"].isna().tolist() == [True, False]
    written(tmp_path, pa.table({"x": ["one"], "n": ["a"]}), "s/3.parquet")
    (fault,) = source(tmp_path / "s").preflight()
    assert "'x' is double and int32 and string" in fault.message
    written(tmp_path, pa.table({"x": [1], "m": ["a"]}), "s/3.parquet")
    (fault,) = source(tmp_path / "s").preflight()
    assert "3.parquet" in fault.message and "'m', 'n'" in fault.message


def test_the_index_that_pandas_writes_is_no_column_unless_it_has_a_name(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1, 2]}, index=["k", "l"])
    frame.to_parquet(tmp_path / "unnamed.parquet")
    frame.rename_axis("customer").to_parquet(tmp_path / "named.parquet")
    assert list(source(tmp_path / "unnamed.parquet").read().columns) == ["x"]
    named = source(tmp_path / "named.parquet")
    assert named.header() == list(named.read().columns) == ["x", "customer"]
    assert named.read().index.tolist() == [0, 1]


def test_names_that_hold_points_are_names(tmp_path: Path) -> None:
    frame = source(written(tmp_path, pa.table({"a": [1], "a.b": [2], "a.b.c": [3]})), leave_out=["a.b"]).read()
    assert frame.to_dict("list") == {"a": [1], "a.b.c": [3]}


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "is not a Parquet file"), (b"a,b\n1,2\n", "is not a Parquet file"), (None, "there is no file")],
)
def test_what_is_no_parquet_file_is_a_fault(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "sales.csv"
    if content is not None:
        path.write_bytes(content)
    (fault,) = source(path).preflight()
    assert fault.path == "path" and why in fault.message and "source csv" in fault.hint
    with pytest.raises(ContentError, match=why):
        source(path).read()
    assert source(path).header() is None


def test_a_file_that_is_cut_off_is_a_fault(tmp_path: Path) -> None:
    path = written(tmp_path, pa.table({"x": np.arange(10_000)}))
    whole = path.read_bytes()
    path.write_bytes(whole[:-200])
    assert "is not a Parquet file" in source(path).preflight()[0].message
    path.write_bytes(whole[:4] + bytes(2000) + whole[2004:])
    assert source(path).preflight() == []  # the footer is sound
    with pytest.raises(ContentError, match=r"sales\.parquet cannot be read: ") as caught:
        source(path).read()
    assert "column" not in str(caught.value), "which one is not known"


@pytest.mark.parametrize("table", [ROWS.slice(0, 0), pa.table({})])
def test_a_file_without_rows_is_a_fault(tmp_path: Path, table: pa.Table) -> None:
    path = written(tmp_path, table)
    (fault,) = source(path).preflight()
    assert "has no rows" in fault.message
    with pytest.raises(ContentError, match="there are no rows"):
        source(path).read()
    with pytest.raises(ContentError, match="there are no rows"):
        next(source(path).chunks_as_stored(5, ()))


def test_duplicate_names_are_a_fault(tmp_path: Path) -> None:
    twice = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
    (fault,) = source(written(tmp_path, twice)).preflight()
    assert "'x' stand twice" in fault.message


def test_a_timestamp_beyond_the_calendar_names_its_column(tmp_path: Path) -> None:
    late = pa.table({"x": [1], "due": pa.array([2**62], pa.timestamp("s"))})
    path = written(tmp_path, late.set_column(1, "due", pa.array([2**62], pa.timestamp("ms"))))
    with pytest.raises(ContentError, match="column 'due'"):
        source(path).read()


def test_the_fingerprint_changes_with_any_part(tmp_path: Path) -> None:
    for name in ("1", "2"):
        written(tmp_path, name=f"s/{name}.parquet")
    whole, single = source(tmp_path / "s"), source(tmp_path / "s" / "1.parquet")
    before, alone = whole.fingerprint(), single.fingerprint()
    assert before == source(tmp_path / "s").fingerprint()
    os.utime(tmp_path / "s" / "2.parquet", (1, 1))
    assert whole.fingerprint() != before and single.fingerprint() == alone
    assert source(tmp_path / "none").fingerprint() is None


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("s3://bucket/2024/houses.parquet", "houses"),
        ("houses/", "houses"),
        ("here/houses-*.parquet", "houses"),
        ("here/houses/*.parquet", "houses"),
        ("*", "parquet"),
    ],
)
def test_the_label_is_the_datas_name_wherever_it_lies(path: str, label: str) -> None:
    assert source(path).label == label


def test_any_file_system_will_do(tmp_path: Path) -> None:
    with fsspec.open("memory://shelf/sales.parquet", "wb") as file:
        pq.write_table(ROWS, file)
    remote = source("memory://shelf/*.parquet")
    assert remote.preflight() == [] and remote.fingerprint()
    pd.testing.assert_frame_equal(remote.read(), source(written(tmp_path)).read())
    (fault,) = source("nosuch://shelf/sales.parquet").preflight()
    assert "cannot be read" in fault.message
