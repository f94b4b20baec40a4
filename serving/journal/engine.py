"""How a journal's database is connected to, and how writing to it begins."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

Synchronous = Literal["NORMAL", "FULL"]
_CONNECT_SECONDS = 5
_SILENT_SECONDS = 10  # until a database that acknowledges nothing counts as away


def connect(
    url: str,
    synchronous: Synchronous = "NORMAL",
    lock_timeout: float = 5.0,
    before: Callable[..., None] | None = None,
) -> Engine:
    """Open a journal; nothing is created.

    Args:
        url: SQLAlchemy URL of the journal.
        synchronous: SQLite only: NORMAL survives a killed process, FULL survives a power cut.
        lock_timeout: SQLite only: seconds to wait while somebody else writes.
        before: SQLAlchemy's `do_connect`, which may raise what keeps a connection from being opened.
    """
    is_file = make_url(url).get_backend_name() == "sqlite"
    limits = {"timeout": lock_timeout, "check_same_thread": False} if is_file else _patience(url)
    engine = create_engine(url, pool_pre_ping=not is_file, connect_args=limits)
    if before is not None:
        event.listen(engine, "do_connect", before)
    if is_file:
        _as_journal(engine, synchronous)
    return engine


def _as_journal(engine: Engine, synchronous: Synchronous) -> None:
    """Let SQLite open what is there, with a write-ahead log."""

    def only_what_is_there(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> Any:
        """SQLite would make an empty file in the place of one that was removed a moment ago."""
        file = Path(engine.url.database or "")
        return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", **{**options, "uri": True})

    if engine.url.database:
        event.listen(engine, "do_connect", only_what_is_there)

    def tune(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")

    event.listen(engine, "connect", tune)


def _patience(url: str) -> dict[str, Any]:
    """Return what keeps PostgreSQL's driver from waiting for minutes for a host that is out of reach."""
    found = make_url(url)
    if found.get_backend_name() != "postgresql" or found.get_driver_name() not in ("psycopg", "psycopg2"):
        return {}
    limits = {"connect_timeout": _CONNECT_SECONDS, "tcp_user_timeout": 1_000 * _SILENT_SECONDS}
    return {name: value for name, value in limits.items() if name not in found.query}


def begin_writing(connection: Connection, seconds: float | None = None) -> None:
    """Take SQLite's write lock at the start of a transaction: what is read in it stays true until the commit.

    Other databases lock the rows that they are asked to lock.

    Args:
        connection: Of a journal.
        seconds: How long the lock is waited for; None: as long as the journal was opened with.
    """
    if connection.dialect.name != "sqlite":
        return
    usual = None if seconds is None else connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    try:
        if seconds is not None:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1_000 * seconds)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        if usual is not None:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {usual}")
