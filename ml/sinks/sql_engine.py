"""A database as a sink sees it: an engine that writes, and whether a table is there."""

import os
import sqlite3
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from schemas.errors import Fault

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ml.io.database.engine import Login

_COMMITS_TABLES = ("mysql", "mariadb", "oracle")


def writing_engine(login: "Login") -> "Engine":
    """Return an engine; nothing is connected or made.

    Raises:
        SqlError: If the URL names no database that can be written from here.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from ml.io.database.engine import engine

    try:
        is_sqlite = make_url(login.url).get_backend_name() == "sqlite"
    except (ArgumentError, ValueError):
        is_sqlite = False  # the next line says what is wrong
    return _sqlite(login) if is_sqlite else engine(login)


def sqlite_file(engine: "Engine") -> Path | None:
    """Return the file of a SQLite database, None for other databases."""
    return Path(str(engine.url.database)) if engine.dialect.name == "sqlite" else None


def has_table(engine: "Engine", table: str, schema: str | None) -> bool:
    """Say whether a table or view is there; a SQLite file is not made by asking. Raises SQLAlchemyError."""
    from sqlalchemy import inspect

    file = sqlite_file(engine)
    if file is not None and not file.exists():
        return False
    with engine.connect() as connection:
        return inspect(connection).has_table(table, schema=schema)


def try_tables(engine: "Engine", schema: str | None) -> None:
    """Create a table and take that back, where a database can: whether a user may shows in no other way.

    Raises:
        SQLAlchemyError: If the user may not, or the schema is not there.
    """
    from sqlalchemy import Column, Integer, MetaData, Table

    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        # Under a name of its own: somebody who is making ours would let us wait until he is done.
        Table(f"drivetrain_{token_hex(8)}", MetaData(), Column("a", Integer), schema=schema).create(
            connection, checkfirst=False
        )
        connection.rollback()


def commits_tables(engine: "Engine") -> bool:
    """Whether a table is there for good once it is created, whatever becomes of the transaction."""
    return engine.dialect.name in _COMMITS_TABLES


def _sqlite(login: "Login") -> "Engine":
    from sqlalchemy.engine import make_url

    from ml.io.database.errors import SqlError

    database = make_url(login.url).database
    if database in (None, "", ":memory:") or str(database).startswith("file:"):
        what = "names no SQLite file; a database in memory would be gone with the run"
        raise SqlError([Fault("url", what, "name a file: sqlite:///folder/file.db")])
    path = Path(str(database)).expanduser().absolute()
    if not path.parent.is_dir():
        raise SqlError([Fault("url", f"there is no folder {path.parent}", f"mkdir -p {path.parent}")])
    if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise SqlError([Fault("url", f"the SQLite file {path} cannot be written", "name another file")])
    return _sqlite_engine(path, login.timeout)


def staging_engine(partial: Path) -> "Engine":
    """Return an engine for a SQLite file that is thrown away if anything goes wrong: it needs no journal beside it."""
    return _sqlite_engine(partial, 0, "PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF")


def _sqlite_engine(path: Path, timeout: float, *first: str) -> "Engine":
    from sqlalchemy import create_engine, event
    from sqlalchemy.engine import URL
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        URL.create("sqlite", database=str(path)), poolclass=NullPool, connect_args={"timeout": timeout}
    )

    def leave_transactions_to_us(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # else the driver runs CREATE TABLE outside of any
        for statement in first:
            connection.execute(statement).close()

    def begin(connection: "Connection") -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(engine, "connect", leave_transactions_to_us)
    event.listen(engine, "begin", begin)
    return engine
