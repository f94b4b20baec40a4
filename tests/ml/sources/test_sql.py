"""Tables and queries of real databases: SQLite files and a PostgreSQL server."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ml.io.database.query import why_not_one_query
from ml.sources.sql import SqlSource
from ml.sources.sql_params import SqlParams
from ml.sources.sql_spool import Spool
from schemas.database_url import holds_password
from schemas.errors import ContentError, Fault
from steps.secrets import reveal
from tests.ml.conftest import Plan
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server

CELLS = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text("a1é.", max_size=4)


def sqlite(folder: Path, *statements: str) -> str:
    path = folder / "sales.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return f"sqlite:///{path}"


def source(url: str, **params: Any) -> SqlSource:
    return SqlSource(SqlParams.model_validate({"url": url, **params}), reveal)


def only_fault(table: SqlSource) -> Fault:
    (fault,) = table.preflight()
    assert table.header() is None or "rows" in fault.message or "column" in fault.message
    with pytest.raises(ContentError) as caught:
        table.read()
    assert fault.message in str(caught.value)
    return fault


@pytest.fixture
def orders(tmp_path: Path) -> str:
    return sqlite(
        tmp_path,
        "CREATE TABLE orders (id INTEGER, price REAL, note TEXT, late INTEGER)",
        "INSERT INTO orders VALUES (1, 1.5, 'a', NULL), (2, NULL, NULL, NULL), (3, 2, 'c', 7)",
        "CREATE TABLE hollow (a INTEGER)",
        'CREATE TABLE "two words" ("a.b" INTEGER, "50%" TEXT)',
        "INSERT INTO \"two words\" VALUES (1, 'x')",
    )


def test_a_table_is_read_with_the_types_of_its_values(orders: str) -> None:
    table = source(orders, table="orders")
    frame = table.read()
    assert table.preflight() == [] and table.header() == list(frame.columns) == ["id", "price", "note", "late"]
    assert [str(dtype) for dtype in frame.dtypes] == ["int64", "float64", "str", "Int64"]
    assert table.label == "orders" and table.fingerprint() is None


def test_names_are_taken_as_they_are(orders: str) -> None:
    assert source(orders, table="two words").read().to_dict("list") == {"a.b": [1], "50%": ["x"]}


def test_a_query_is_sent_as_it_is_written(orders: str) -> None:
    query = "SELECT id AS \"a:b\", '100%' AS p FROM orders WHERE note LIKE 'a%' -- :x; %s\n;"
    table = source(orders, query=query)
    assert table.preflight() == [] and table.label == "query"
    assert table.read().to_dict("list") == {"a:b": [1], "p": ["100%"]}


def stored(*batches: list[Any]) -> tuple[str, list[Any]]:
    """Return the type and the values that a column's chunks have as they are stored."""
    with Spool() as spool:
        for batch in batches:
            spool.add({"a": batch})
        found = [chunk.kept["a"] for chunk in spool.chunks()]
    (kind,) = {str(column.dtype) for column in found}
    return kind, [None if pd.isna(value) else value for column in found for value in column.astype("object")]


def test_decimals_zones_and_days_are_kept_as_they_are_stored() -> None:
    long, noon = Decimal("12345678901234567.10"), datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert stored([long, None], [None], [Decimal("0.125")]) == (
        "decimal128(20, 3)[pyarrow]",
        [long, None, None, Decimal("0.125")],
    )
    assert stored([noon], [None]) == ("timestamp[us, tz=UTC][pyarrow]", [noon, None])
    assert stored([date(2024, 1, 1)])[0] == "date32[day][pyarrow]"
    huge = Decimal("1" * 60)
    assert stored([huge])[1] == [huge]
    assert stored([huge], [Decimal("1e-30")])[1] == ["1" * 60, "1E-30"], "no type holds both"
    assert stored([Decimal("NaN")], [long])[1] == ["NaN", str(long)]
    assert stored([long], [1.5])[0] == "float64", "what is no decimal is read as ever"
    assert stored([1], [None])[0] == "Int64"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(cells=st.lists(CELLS, min_size=1, max_size=9), rows=st.integers(1, 4))
def test_chunks_are_equal_in_type_whatever_a_column_mixes(tmp_path: Path, cells: list[Any], rows: int) -> None:
    url = sqlite(tmp_path, "DROP TABLE IF EXISTS t", "CREATE TABLE t (a)")
    with closing(sqlite3.connect(tmp_path / "sales.db")) as connection:
        connection.executemany("INSERT INTO t VALUES (?)", [(cell,) for cell in cells])
        connection.commit()
    table = source(url, table="t")
    whole, found = table.read()["a"], [chunk.values for chunk in table.chunks_as_stored(rows, ())]
    assert [len(chunk) for chunk in found[:-1]] == [rows] * (len(found) - 1)
    assert len({str(chunk["a"].dtype) for chunk in found}) == 1
    joined = pd.concat(found, ignore_index=True)["a"]
    assert joined.isna().tolist() == whole.isna().tolist() == [cell is None for cell in cells]
    known = [cell for cell in cells if cell is not None]
    kinds = {type(cell) for cell in known}
    if kinds == {int}:
        assert joined.dropna().tolist() == known and str(joined.dtype) == "Int64"
    elif known and kinds <= {int, float}:
        assert joined.dropna().tolist() == [float(cell) for cell in known]
    elif str in kinds:
        assert str(whole.dtype) == "str"
        texts = [value for value, cell in zip(whole, cells, strict=True) if isinstance(cell, str)]
        assert texts == [cell for cell in known if isinstance(cell, str)]


@pytest.mark.parametrize(
    ("params", "path", "words"),
    [
        ({"table": "order"}, "table", "no such table"),
        ({"table": "hollow"}, "table", "has no rows"),
        ({"query": "SELECT a FROM hollow"}, "query", "gives no rows"),
        ({"query": "SELECT * FROM ordres"}, "query", "no such table"),
        ({"query": "SELECT prize FROM orders"}, "query", "no such column"),
        ({"query": "SELECT FROM orders"}, "query", "does not understand"),
        ({"query": "SELECT id, note AS id FROM orders"}, "query", "'id' comes twice"),
        ({"query": "SELECT id, x'00' AS raw FROM orders"}, "query", "'raw' (bytes)"),
        ({"query": "WITH a AS (SELECT 1) DELETE FROM orders"}, "query", "only reads"),
    ],
)
def test_what_cannot_be_read_is_reported_by_its_key(orders: str, params: dict[str, str], path: str, words: str) -> None:
    fault = only_fault(source(orders, **params))
    assert fault.path == path and words in fault.message
    if words == "no such table":
        assert "Did you mean 'orders'?" in fault.hint
    with closing(sqlite3.connect(orders.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///{}/none.db", "is not there"),
        ("sqlite:///{}", "is a folder"),
        ("sqlite:///{}/text.db", "not a sound SQLite database"),
        ("sqlite://", "in memory"),
        ("postgress://localhost/x", "Did you mean 'postgresql'?"),
        ("mssql+pyodbc://localhost/x", "the driver pyodbc"),
        ("no url", "is not the URL of a database"),
        ("postgresql://127.0.0.1:port/x", "is not the URL of a database"),
        ("postgresql://127.0.0.1:1/x", "the server does not answer"),
    ],
)
def test_a_database_that_cannot_be_reached_is_reported(tmp_path: Path, url: str, words: str) -> None:
    (tmp_path / "text.db").write_text("nothing of a database, but long enough to look at" * 20)
    fault = only_fault(source(url.format(tmp_path), table="orders"))
    assert fault.path == "url" and words in fault.message
    assert [path.name for path in tmp_path.iterdir()] == ["text.db"]


def test_a_missing_driver_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    fault = only_fault(source("postgresql://localhost/x", table="t"))
    assert "psycopg" in fault.message and "pip install 'psycopg[binary]'" in fault.hint


def test_a_slow_query_does_not_hold_the_preflight_up(orders: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.sources.sql._PATIENCE", 0.2)
    endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
    table = source(orders, query=endless)
    assert table.preflight() == [] and table.header() is None


def test_a_kind_of_value_that_comes_late_is_reported_too(tmp_path: Path) -> None:
    rows = ", ".join(f"({number})" for number in range(150))
    url = sqlite(tmp_path, "CREATE TABLE t (a)", f"INSERT INTO t VALUES {rows}, (x'00')")
    assert source(url, table="t").preflight() == []
    with pytest.raises(ContentError, match=r"'a' \(bytes\)"):
        list(source(url, table="t").chunks_as_stored(100, ()))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT ';' AS a, \"b;c\" FROM t -- ; drop\n", None),
        ("/* first */ WITH a AS (SELECT 1) SELECT * FROM a;", None),
        ("(SELECT 1) UNION (SELECT 2)", None),
        ("SELECT $tag$ ; DELETE $tag$", None),
        ("SELECT 1; DROP TABLE t", "more than one statement"),
        ("DELETE FROM t", "begins with DELETE"),
        ("-- SELECT\nUPDATE t SET a = 1", "begins with UPDATE"),
        ("  ;", "is empty"),
    ],
)
def test_one_query_is_told_from_other_statements(text: str, why: str | None) -> None:
    found = why_not_one_query(text)
    assert found is None if why is None else why in str(found)


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("postgresql://me:pw@host/db", True),
        ("postgresql://me:p/w@host/db", True),
        ("postgresql://host/db?password=pw", True),
        ("mysql://host/db?charset=utf8&passwd=pw", True),
        ("postgresql://me@host:5432/db?connect_timeout=3", False),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BUID%3Dme%3BPWD%3Dpw", True),
        ("db2+ibm_db://host/db;SECURITY=SSL;PWD=pw", True),
        ("postgresql://host/db?passfile=/home/me/.pgpass", False),
        ("sqlite:////data/a:b@c.db", False),
    ],
)
def test_a_password_within_a_url_is_seen(url: str, held: bool) -> None:
    assert holds_password(url) is held
    if held:
        with pytest.raises(ValidationError, match=r"password: \{env: NAME\}") as caught:
            SqlParams(url=url, table="t")
        assert "pw" not in str(caught.value) and "p/w" not in str(caught.value)


@pytest.mark.parametrize(
    "params", [{}, {"table": "t", "query": "SELECT 1"}, {"query": "SELECT 1", "database_schema": "s"}]
)
def test_a_table_or_a_query_is_wanted(params: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SqlParams.model_validate({"url": "sqlite:///a.db", **params})


def test_a_relative_sqlite_file_is_found_beside_the_experiment(tmp_path: Path, plan: Plan) -> None:
    sqlite(tmp_path / "conf" / "experiment", "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)")
    code, text = plan("sql", "{url: 'sqlite:///sales.db', table: t, target: a}")
    assert code == 0 and "load (sql)" in text
    code, text = plan("sql", "{url: 'sqlite:///sales.db', table: t, target: c}")
    assert code == 2 and "data.target: there is no column 'c'" in text
    code, text = plan("sql", "{url: 'sqlite:///sale.db', table: t, target: a}")
    assert code == 2 and "data.url: the SQLite file" in text and "is not there" in text


@pytest.fixture(scope="module")
def shop(postgresql: Server) -> Iterator[Server]:
    """A server with a table of many types, an empty one, one for another schema, and users with fewer rights."""
    postgresql.execute(
        "CREATE TABLE sales (id bigint, small smallint, price numeric(9,2), weight real, paid boolean, note text,"
        " code char(3), day date, at timestamp, seen timestamptz, key uuid, late integer)",
        "INSERT INTO sales SELECT n, n, n * 1.25, n / 2.0, n % 2 = 0, 'n' || n, 'abc', date '2024-01-01' + n,"
        " timestamp '2024-01-01 10:00' + n * interval '1 hour', timestamptz '2024-06-01 12:00+02',"
        " '00000000-0000-0000-0000-000000000001', CASE WHEN n > 200 THEN n END FROM generate_series(1, 250) n",
        "CREATE TABLE odd (a jsonb, b int[], c bytea, d interval, e time, f int4range, g int)",
        "INSERT INTO odd VALUES ('{}', '{1}', 'x', '1 day', '10:00', '[1,2)', 1)",
        "CREATE TABLE bare (a int)",
        "CREATE SCHEMA archive",
        "CREATE TABLE archive.old (a int)",
        "INSERT INTO archive.old VALUES (1)",
        f"CREATE USER reader PASSWORD '{PASSWORD}'",
        "GRANT SELECT ON bare TO reader",
    )
    yield postgresql


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    return {"user": OWNER, "password": {"env": "SHOP_PASSWORD"}}


def test_postgresql_types_become_plain_ones(shop: Server, password: dict[str, Any]) -> None:
    table = source(shop.url, table="sales", **password)
    assert table.preflight() == []
    frame = table.read()
    assert frame.dtypes.astype(str).to_dict() == {
        "id": "int64", "small": "int64", "price": "float64", "weight": "float64", "paid": "bool", "note": "str",
        "code": "str", "day": "datetime64[us]", "at": "datetime64[us]", "seen": "datetime64[us]", "key": "str",
        "late": "Int64",
    }  # fmt: skip
    assert frame["seen"].unique().tolist() == [pd.Timestamp("2024-06-01 10:00")]
    assert frame["price"].tolist() == [number * 1.25 for number in range(1, 251)]
    found = [chunk.values for chunk in table.chunks_as_stored(100, ())]
    assert [len(chunk) for chunk in found] == [100, 100, 50]
    assert found[0].dtypes.to_dict() == found[2].dtypes.to_dict()
    kept = next(table.chunks_as_stored(100, ())).kept
    assert [str(kept[name][0]) for name in ("price", "day", "seen")] == [
        "1.25",
        "2024-01-02",
        "2024-06-01 10:00:00+00:00",
    ]


def test_postgresql_columns_that_hold_no_single_values_are_all_named(shop: Server, password: dict[str, Any]) -> None:
    fault = only_fault(source(shop.url, table="odd", **password))
    for words in (
        "'a' (JSON)",
        "'b' (a list)",
        "'c' (bytes)",
        "'d' (a duration)",
        "'e' (a time of day)",
        "'f' (Range)",
    ):
        assert words in fault.message
    assert "'g'" not in fault.message


@pytest.mark.parametrize(
    ("params", "path", "words"),
    [
        ({"table": "sale"}, "table", "no such table"),
        ({"table": "bare"}, "table", "has no rows"),
        ({"query": "SELECT nope FROM sales"}, "query", "no such column"),
        ({"query": "WITH gone AS (DELETE FROM sales RETURNING *) SELECT * FROM gone"}, "query", "only reads"),
        ({"table": "sales", "user": "reader"}, "table", "may not read"),
        ({"query": "SELECT * FROM sales", "user": "reader"}, "query", "may not read"),
        ({"table": "sales", "user": "nobody"}, "password", "denies access"),
        ({"table": "sales", "password": None}, "password", "none was given"),
        ({"table": "sales", "password": {"env": "WRONG_PASSWORD"}}, "password", "denies access"),
        ({"table": "sales", "password": {"env": "NO_PASSWORD"}}, "password", "is not set"),
        ({"table": "sales", "url": "{}x"}, "url", "no such database"),
    ],
)
def test_postgresql_errors_are_reported_by_their_key(
    shop: Server,
    password: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    params: dict[str, Any],
    path: str,
    words: str,
) -> None:
    monkeypatch.setenv("WRONG_PASSWORD", "wr0ng/one")
    url = params.get("url", "{}").format(shop.url)
    fault = only_fault(source(**{**password, **params, "url": url}))
    assert fault.path == path and words in fault.message
    assert PASSWORD not in str(fault) and "wr0ng" not in str(fault)


def test_a_table_in_another_schema_is_found_or_pointed_to(shop: Server, password: dict[str, Any]) -> None:
    assert source(shop.url, table="old", database_schema="archive", **password).read()["a"].tolist() == [1]
    assert "database_schema: archive" in only_fault(source(shop.url, table="old", **password)).hint


def test_a_whole_url_may_be_a_secret(shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "it's / a@secret"
    shop.execute(
        f"CREATE USER other PASSWORD '{secret.replace(chr(39), chr(39) * 2)}'", "GRANT SELECT ON sales TO other"
    )
    written = secret.replace("/", "%2F").replace("@", "%40").replace(" ", "%20")
    monkeypatch.setenv("SHOP_URL", shop.url.replace("//", f"//other:{written}@"))
    table = SqlSource(SqlParams.model_validate({"url": {"env": "SHOP_URL"}, "table": "sales"}), reveal)
    assert len(table.read()) == 250
    monkeypatch.setenv("SHOP_URL", f"postgresql://other:{written}@127.0.0.1:port/shop")
    broken = SqlSource(SqlParams.model_validate({"url": {"env": "SHOP_URL"}, "table": "sales"}), reveal)
    assert written not in str(only_fault(broken)) and secret not in str(only_fault(broken))


def test_a_date_without_an_end_is_reported_with_a_remedy(shop: Server, password: dict[str, Any]) -> None:
    fault = only_fault(source(shop.url, query="SELECT DATE 'infinity' AS until", **password))
    assert "beyond the years 1 to 9999" in fault.message and "CAST(b AS TEXT)" in fault.hint


def test_a_user_given_by_reference_is_not_shown(shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "hidden-name")
    monkeypatch.setenv("WRONG_PASSWORD", "wrong")
    fault = only_fault(source(shop.url, table="sales", user={"env": "WHO"}, password={"env": "WRONG_PASSWORD"}))
    assert "***" in fault.message and "hidden-name" not in str(fault)


@pytest.mark.untraced
def test_a_plan_reads_by_password_and_refuses_what_cannot_work(
    shop: Server, password: dict[str, Any], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = f"{{url: '{shop.url}', table: sales, target: price, user: {OWNER}}}"
    by_env = "data.password.env=SHOP_PASSWORD"
    code, text = plan("sql", block, by_env)
    assert code == 0 and "load (sql)" in text
    code, text = plan("sql", block, by_env, "data.user=reader")
    assert code == 2 and "data.table: the user may not read it" in text
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng")
    code, text = plan("sql", block, by_env)
    assert code == 2 and "data.password: the server denies access" in text
    shop.stop()
    try:
        code, text = plan("sql", block, by_env)
        assert code == 2 and "data.url: the server does not answer" in text
    finally:
        shop.start()


def test_a_connection_that_is_cut_is_reported(shop: Server, password: dict[str, Any]) -> None:
    table = source(shop.url, query="SELECT pg_terminate_backend(pg_backend_pid()) AS a", **password)
    (fault,) = table.preflight()
    assert fault.path == "url" and "does not answer" in fault.message
    with pytest.raises(ContentError, match="does not answer"):
        table.read()
