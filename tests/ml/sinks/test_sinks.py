"""Sinks: what comes back of what was written, and that nothing is ever overwritten or half there."""

import csv
import errno
import gzip
import resource
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql

from ml.sinks.csv import CsvSink, CsvSinkParams
from ml.sinks.parquet import ParquetSink, ParquetSinkParams
from ml.sinks.sql import SqlSink, SqlSinkParams
from ml.sinks.sql_table import declare
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.parquet import ParquetParams, ParquetSource
from ml.sources.sql import SqlSource
from ml.sources.sql_params import SqlParams
from schemas.errors import ConfigurationError, ContentError, Fault
from schemas.secret import SecretRef
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server

Make = Callable[[Path], Any]


def no_secret(reference: object) -> str:
    raise AssertionError(f"nothing is secret here: {reference}")


def to_csv(folder: Path, name: str = "out.csv") -> CsvSink:
    return CsvSink(CsvSinkParams(path=str(folder / name)))


def to_parquet(folder: Path) -> ParquetSink:
    return ParquetSink(ParquetSinkParams(path=str(folder / "out.parquet")))


def to_sql(folder: Path) -> SqlSink:
    return SqlSink(SqlSinkParams(url=f"sqlite:///{folder / 'out.db'}", table="out"), no_secret)


def from_sql(folder: Path) -> SqlSource:
    return SqlSource(SqlParams(url=f"sqlite:///{folder / 'out.db'}", table="out"), no_secret)


SINKS: dict[str, Make] = {"csv": to_csv, "parquet": to_parquet, "sql": to_sql}
SOURCES: dict[str, Callable[[Path], Any]] = {
    "csv": lambda folder: CsvSource(CsvParams(path=str(folder / "out.csv"))),
    "parquet": lambda folder: ParquetSource(ParquetParams(path=str(folder / "out.parquet"))),
    "sql": from_sql,
}


@pytest.fixture(params=SINKS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "größe (m²) 100%": [1.5, np.nan, -3e300],
            "a:b.c": pd.array([1, None, 2**53 + 1], dtype="Int64"),
            'said "so", she': pd.Series(["two\nlines", "a, b", None], dtype="str"),
            "open": pd.array([True, False, None], dtype="boolean"),
            "when": pd.Series(["2024-02-29", "2024-02-29T10:00:00.000001", None], dtype="datetime64[us]"),
        }
    )


def write(sink: Any, *frames: pd.DataFrame) -> None:
    writer = sink.open()
    for frame in frames:
        writer.write(frame)
    writer.prepare()
    writer.commit()
    writer.abort()  # does nothing any more


def test_what_was_written_in_chunks_comes_back_in_order(kind: str, tmp_path: Path) -> None:
    rows = table()
    write(SINKS[kind](tmp_path), rows.iloc[:1], rows.iloc[1:])
    back = SOURCES[kind](tmp_path).read()
    assert list(back.columns) == list(rows.columns)
    for name in rows.columns:
        asked, found = rows[name], back[name]
        if name == "when":
            found = pd.to_datetime(found, format="ISO8601")
        if name == "open":
            found = found.astype("boolean")
        assert found.isna().tolist() == asked.isna().tolist(), name
        assert found.dropna().tolist() == asked.dropna().tolist(), name


def test_only_the_output_is_in_the_folder(kind: str, tmp_path: Path) -> None:
    write(SINKS[kind](tmp_path), table())
    assert len(list(tmp_path.iterdir())) == 1


def test_nothing_is_to_be_seen_before_the_commit_and_nothing_is_left_after_an_abort(kind: str, tmp_path: Path) -> None:
    for prepared in (False, True):
        writer = SINKS[kind](tmp_path).open()
        writer.write(table())
        if prepared:
            writer.prepare()
        seen = [path for path in tmp_path.iterdir() if not path.name.startswith(".") and path.stat().st_size]
        assert [path.name for path in seen if path.name != "out.db-journal"] == []
        writer.abort()
        assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_there_is_a_fault_of_the_preflight(kind: str, tmp_path: Path) -> None:
    sink = SINKS[kind](tmp_path)
    assert sink.preflight() == [] and list(tmp_path.iterdir()) == []
    write(sink, table())
    (fault,) = SINKS[kind](tmp_path).preflight()
    assert "already" in fault.message and "overwritten" in fault.message
    assert fault.path == ("table" if kind == "sql" else "path")


def test_an_output_that_came_into_being_meanwhile_is_not_lost(kind: str, tmp_path: Path) -> None:
    theirs, ours = SINKS[kind](tmp_path), SINKS[kind](tmp_path)
    writer = ours.open()
    writer.write(table())
    write(theirs, table().iloc[:1])
    with pytest.raises(ContentError):
        writer.prepare()
        writer.commit()
    writer.abort()
    assert len(SOURCES[kind](tmp_path).read()) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_table_beside_others_is_rolled_back_and_they_stay(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "out.db") as database:
        database.execute("CREATE TABLE mine (a)")
        database.execute("INSERT INTO mine VALUES (3)")
    database.close()
    writer = to_sql(tmp_path).open()
    writer.write(table())
    writer.prepare()
    writer.abort()
    with sqlite3.connect(tmp_path / "out.db") as database:
        assert [name for (name,) in database.execute("SELECT name FROM sqlite_master")] == ["mine"]
        assert database.execute("SELECT a FROM mine").fetchall() == [(3,)]
    database.close()


@pytest.mark.parametrize("taken", [False, True])
def test_where_there_are_no_hard_links_nothing_is_overwritten_either(
    taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(_self: Path, _target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # what vfat says

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    writer = to_csv(tmp_path).open()
    writer.write(table())
    writer.prepare()
    if taken:
        (tmp_path / "out.csv").write_text("theirs")
        with pytest.raises(ContentError, match="came into being"):
            writer.commit()
    else:
        writer.commit()
    writer.abort()
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert ((tmp_path / "out.csv").read_text() == "theirs") is taken


@pytest.mark.parametrize("make", [to_csv, to_parquet])
def test_a_file_needs_a_folder_that_can_be_written(make: Make, tmp_path: Path) -> None:
    (fault,) = make(tmp_path / "none").preflight()
    assert fault.path == "path" and "no folder" in fault.message and fault.hint.startswith("mkdir")
    (tmp_path / "out.csv").mkdir()
    (tmp_path / "out.parquet").symlink_to("nowhere")
    (fault,) = make(tmp_path).preflight()
    assert "is a folder" in fault.message or "exists already" in fault.message


def test_urls_and_compressions_that_cannot_be_written_are_faults() -> None:
    for path in ("gs://bucket/out.csv", "simplecache::s3://bucket/out.csv"):
        assert (
            "of those only s3://bucket/name is written to" in CsvSink(CsvSinkParams(path=path)).preflight()[0].message
        )
    assert "gzip" in CsvSink(CsvSinkParams(path="/tmp/out.csv.xz")).preflight()[0].message
    assert CsvSink(CsvSinkParams(path="/tmp/no such.csv", separator=";;")).preflight()[0].path == "separator"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:////no/such/folder/a.db", "nonsense"])
def test_a_database_that_cannot_keep_a_table_is_a_fault(url: str) -> None:
    (fault,) = SqlSink(SqlSinkParams(url=url, table="t"), no_secret).preflight()
    assert fault.path == "url"


def test_a_password_in_the_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="password") as caught:
        SqlSinkParams(url="postgresql://me:hunter2@host/db", table="t")
    assert "hunter2" not in str(caught.value)


def test_csv_is_as_rfc_4180_has_it(tmp_path: Path) -> None:
    write(to_csv(tmp_path), table())
    raw = (tmp_path / "out.csv").read_bytes().decode()
    assert raw.splitlines(keepends=True)[0] == 'größe (m²) 100%,a:b.c,"said ""so"", she",open,when\r\n'
    cells = list(csv.reader(raw.splitlines(keepends=True)))
    assert cells[1] == ["1.5", "1", "two\nlines", "true", "2024-02-29T00:00:00"]
    assert cells[2] == ["", "", "a, b", "false", "2024-02-29T10:00:00.000001"]


def test_gzip_and_tabs_follow_from_the_name_and_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.tsv.gz", "b.tsv.gz"):
        write(to_csv(tmp_path, name), table())
    first, second = ((tmp_path / name).read_bytes() for name in ("a.tsv.gz", "b.tsv.gz"))
    assert first == second
    assert gzip.decompress(first).decode().splitlines()[0].count("\t") == 4


def test_parquet_keeps_types_and_writes_a_row_group_for_each_chunk(tmp_path: Path) -> None:
    rows = table()
    write(to_parquet(tmp_path), rows, rows)
    file = pq.ParquetFile(tmp_path / "out.parquet")
    assert file.num_row_groups == 2
    assert [str(kind) for kind in file.schema_arrow.types] == [
        "double", "int64", "large_string", "bool", "timestamp[us]"
    ]  # fmt: skip


@pytest.mark.parametrize("make", [to_parquet, to_sql])
def test_objects_of_no_one_type_become_text(make: Make, tmp_path: Path) -> None:
    first = pd.DataFrame({"mixed": [1, "a"], "none": [None, None]}, dtype="object")
    later = pd.DataFrame({"mixed": [2.5, None], "none": ["there", None]}, dtype="object")
    write(make(tmp_path), first, later)
    back = SOURCES["sql" if make is to_sql else "parquet"](tmp_path).read()
    assert (back["mixed"].dropna().tolist(), len(back)) == (["1", "a", "2.5"], 4)
    assert back["none"].isna().tolist() == [True, True, False, True] and back["none"][2] == "there"


@pytest.mark.parametrize("make", [to_parquet, to_sql])
def test_a_type_that_changes_between_chunks_is_reported_by_column(make: Make, tmp_path: Path) -> None:
    writer = make(tmp_path).open()
    writer.write(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(ContentError, match="column a"):
        writer.write(pd.DataFrame({"a": ["x", "y"]}))
    writer.abort()
    assert list(tmp_path.iterdir()) == []


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: writing then fails as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 4096, 40_000])
def test_a_full_disk_leaves_nothing(kind: str, size: int, tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": np.random.default_rng(0).random(20_000)})
    writer = SINKS[kind](tmp_path).open()
    with no_file_beyond(size):
        with pytest.raises(ContentError):
            writer.write(rows)
            writer.write(rows)
            writer.prepare()
        writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_a_new_sqlite_file_gets_its_name_at_the_commit_and_only_then(tmp_path: Path) -> None:
    writer = to_sql(tmp_path).open()
    writer.write(table())
    writer.prepare()
    (partial,) = tmp_path.iterdir()
    assert partial.name.startswith(".out.db.") and partial.name.endswith(".partial")
    (tmp_path / "out.db").write_bytes(b"")
    with pytest.raises(ContentError, match="came into being"):
        writer.commit()
    writer.abort()
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("out.db", 0)]


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8), min_size=1
    ),
    numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1),
)
def test_any_text_and_number_survives(
    texts: list[str], numbers: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    count = min(len(texts), len(numbers))
    rows = pd.DataFrame({"text": pd.Series(texts[:count], dtype="str"), "number": numbers[:count]})
    folder = tmp_path_factory.mktemp("any")
    for make in SINKS.values():
        write(make(folder), rows)
    for kind in ("parquet", "sql"):
        back = SOURCES[kind](folder).read()
        assert (back["text"].tolist(), back["number"].tolist()) == (texts[:count], numbers[:count]), kind
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        _, *cells = csv.reader(file)
    assert [row[0] for row in cells] == texts[:count]
    assert [float(row[1]) for row in cells] == numbers[:count]


@pytest.fixture
def postgres_sink(postgresql: Server) -> Iterator[Callable[..., SqlSink]]:
    postgresql.execute("CREATE SCHEMA answers")

    def make(table: str = "out", **changed: Any) -> SqlSink:
        given = {"url": postgresql.url, "table": table, "user": OWNER, "password": SecretRef(env="HIS_PASSWORD")}
        return SqlSink(SqlSinkParams.model_validate({**given, **changed}), lambda _reference: PASSWORD)

    yield make
    postgresql.execute("DROP SCHEMA answers CASCADE", "DROP TABLE IF EXISTS out")


def test_postgresql_takes_every_type_and_gives_it_back(
    postgres_sink: Callable[..., SqlSink], postgresql: Server
) -> None:
    sink = postgres_sink(database_schema="answers")
    assert sink.preflight() == [] and sink.place == f"table out of {postgresql.url}"
    rows = table().assign(zone=pd.Timestamp("2024-01-01T12:00:00+02:00"))
    write(sink, rows.iloc[:2], rows.iloc[2:])
    login: dict[str, Any] = {"user": OWNER, "password": SecretRef(env="HIS_PASSWORD"), "database_schema": "answers"}
    source = SqlSource(SqlParams(url=postgresql.url, table="out", **login), lambda _reference: PASSWORD)
    back = source.read()
    assert list(back.columns) == list(rows.columns)
    for name in table().columns:
        assert back[name].dropna().tolist() == rows[name].dropna().tolist(), name
        assert back[name].isna().tolist() == rows[name].isna().tolist(), name
    assert str(back["zone"][0]) == "2024-01-01 10:00:00"
    (fault,) = sink.preflight()
    assert fault.path == "table" and "overwritten" in fault.message


def test_postgresql_keeps_nothing_of_what_was_not_committed(postgres_sink: Callable[..., SqlSink]) -> None:
    writer = postgres_sink().open()
    writer.write(table())
    writer.prepare()
    assert postgres_sink().preflight() == []
    writer.abort()
    assert postgres_sink().preflight() == []
    writer = postgres_sink().open()
    writer.write(pd.DataFrame({"text": ["a", "half\x00"]}))
    with pytest.raises(ContentError, match="'out' cannot be written, and nothing of it was"):
        writer.prepare()
    writer.abort()
    assert postgres_sink().preflight() == []


def test_postgresql_keeps_the_table_that_came_into_being_meanwhile(postgres_sink: Callable[..., SqlSink]) -> None:
    writer = postgres_sink().open()
    writer.write(table())
    write(postgres_sink(), pd.DataFrame({"theirs": [1]}))
    with pytest.raises(ContentError, match="already exists"):
        writer.prepare()
    writer.abort()


def test_postgresql_errors_are_faults_by_key_and_hold_no_password(
    postgres_sink: Callable[..., SqlSink], postgresql: Server
) -> None:
    def unset(_reference: SecretRef) -> str:
        raise ConfigurationError([Fault("", "the environment variable HIS_PASSWORD is not set")])

    wrong = {
        "password": SqlSink(postgres_sink().params, lambda _reference: "nonsense").preflight(),
        "url": postgres_sink(url=postgresql.url.replace("shop", "shap")).preflight(),
    }
    for path, (fault,) in wrong.items():
        assert fault.path == path and "nonsense" not in str(fault) and PASSWORD not in str(fault)
    (fault,) = SqlSink(postgres_sink().params, unset).preflight()
    assert fault.path == "password" and "HIS_PASSWORD is not set" in fault.message
    (fault,) = postgres_sink(database_schema="nowhere").preflight()
    assert fault.path == "table" and "nowhere" in fault.message


def test_postgresql_tells_before_the_start_that_a_user_may_not_create_tables(
    postgres_sink: Callable[..., SqlSink], postgresql: Server
) -> None:
    postgresql.execute("CREATE ROLE sink_reader LOGIN PASSWORD 'reads'")
    sink = SqlSink(postgres_sink(user="sink_reader").params, lambda _reference: "reads")
    (fault,) = sink.preflight()
    postgresql.execute("DROP ROLE sink_reader")
    assert fault.path == "table" and "permission denied" in fault.message
    assert "GRANT SELECT" not in fault.hint


def test_no_database_cuts_fractions_of_a_second_off() -> None:
    declared = declare("t", None, pa.schema({"a": pa.timestamp("us"), "b": pa.timestamp("us", "UTC")})).columns
    found = {
        name: [column.type.compile(dialect=module.dialect()) for column in declared]
        for name, module in (("mysql", mysql), ("oracle", oracle), ("mssql", mssql), ("postgresql", postgresql))
    }
    assert found == {
        "mysql": ["DATETIME(6)", "DATETIME(6)"],
        "oracle": ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE"],
        "mssql": ["DATETIME2(6)", "DATETIMEOFFSET(6)"],
        "postgresql": ["TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"],
    }


def test_what_a_driver_refuses_is_reported_without_the_statement_and_its_rows(tmp_path: Path) -> None:
    writer = to_sql(tmp_path).open()
    writer.write(pd.DataFrame({"a": ["hers alone"]}))
    (tmp_path / "out.db").write_bytes(b"no database")
    with pytest.raises(ContentError) as caught:
        writer.prepare()
    writer.abort()
    message_of = "".join(traceback.format_exception(caught.value))
    assert "hers alone" not in message_of and "INSERT" not in message_of and caught.value.__cause__ is None


def test_a_file_is_there_though_its_folder_cannot_be_synced(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError(errno.EACCES, "not to be read")

    monkeypatch.setattr("ml.io.new_file.sync_folder", refuse)
    write(SINKS[kind](tmp_path), table())
    assert len(SOURCES[kind](tmp_path).read()) == 3
