"""How to make and reach a journal: SQLite in WAL mode by default, any SQLAlchemy URL otherwise."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Inspector, Table, create_engine, delete, event, func, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from ml.io.new_file import name_without_replacing
from ml.io.scratch import partial_file, remove_partials
from schemas.errors import DeploymentError
from serving.journal.contents import is_emptied, is_unfinished
from serving.journal.location import sqlite_url
from serving.journal.schema import FIRST, FORMAT, IN_ORDER, journal_format, releases
from serving.journal.trouble import Away, emptied, is_away, unknown, unusable
from serving.journal.upgrade import add_columns, remove_repeated

Synchronous = Literal["NORMAL", "FULL"]
_CREATING = 0x6472_6A6F  # any number that others do not lock
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


def create(url: str) -> None:
    """Create the journal, or what an older one lacks; a SQLite file, with its folder, comes into being whole.

    Raises:
        DeploymentError: If the database does not let us, or a file is there that has lost its tables; `Away` where it
            may later.
    """
    location = make_url(url)
    try:
        if location.get_backend_name() == "sqlite" and location.database:
            _require_file(url, Path(location.database))
        engine = connect(url)
        try:
            _complete(engine)
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise (Away if is_away(error) else DeploymentError)(unusable(url, error, "created")) from error


def identity(engine: Engine) -> tuple[int, int] | None:
    """Return which file a SQLite journal is now, (0, 0) when it is gone, None for other databases."""
    if engine.url.get_backend_name() != "sqlite":
        return None
    try:
        found = Path(engine.url.database or "").stat()
    except OSError:  # gone, or out of reach
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _require_file(url: str, file: Path) -> None:
    """Make a journal's file unless it is there; refuse one that is there without its tables."""
    if file.exists():
        if is_emptied(file):
            raise DeploymentError(emptied(url))
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    remove_partials(file)
    partial = partial_file(file)
    engine = create_engine(sqlite_url(partial))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=MEMORY")  # no second file, which a kill would leave
            _begin_creating(connection)
            _create_missing(connection)
            _note_format(connection)
        engine.dispose()
        with suppress(FileExistsError):  # somebody else was faster
            name_without_replacing(partial, file)
    finally:
        engine.dispose()
        partial.unlink(missing_ok=True)


def _complete(engine: Engine) -> None:
    """Create what is missing, step by step; what is cut off between two goes on with the next call.

    Each step has a transaction of its own, so that those who write meet the lock of one thing at a time; the format,
    by which it is known to be whole, is noted last.
    """
    _require_known(engine)
    with engine.connect() as connection:
        is_whole = all(_is_in(inspect(connection), table) for table in IN_ORDER) and format_of(connection) == FORMAT
    if not is_whole:
        for step in (remove_repeated, _create_missing, add_columns, _note_format):
            with engine.begin() as connection:
                _begin_creating(connection)
                step(connection)


def _is_in(database: Inspector, table: Table) -> bool:
    if not database.has_table(table.name):
        return False
    return all(database.has_index(table.name, str(index.name)) for index in table.indexes)


def first_page(file: Path, size: int) -> bytes:
    """Return the first page of an empty journal of `FIRST` tables, of which `file` is made and removed again."""
    engine = create_engine(sqlite_url(file))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=MEMORY")
            begin_writing(connection)
            _create_tables(connection, FIRST)
        engine.dispose()
        return file.read_bytes()[:size]
    finally:
        engine.dispose()
        file.unlink(missing_ok=True)


def _create_tables(connection: Connection, tables: Iterable[Table]) -> None:
    for table in tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        there = inspect(connection)  # PostgreSQL locks the table also where the index is there
        for index in table.indexes:
            if not there.has_index(table.name, str(index.name)):
                connection.execute(CreateIndex(index, if_not_exists=True))


def _begin_creating(connection: Connection) -> None:
    begin_writing(connection)  # the driver begins no transaction before a CREATE
    if connection.dialect.name == "postgresql":  # two that create at once would meet each other's half
        connection.execute(select(func.pg_advisory_xact_lock(_CREATING)))


def _create_missing(connection: Connection) -> None:
    _create_tables(connection, IN_ORDER)


def _note_format(connection: Connection) -> None:
    if format_of(connection) < FORMAT:
        connection.execute(delete(journal_format))
        connection.execute(insert(journal_format).values(version=FORMAT))


def format_of(connection: Connection) -> int:
    """Return the format of an existing journal."""
    if not inspect(connection).has_table(journal_format.name):
        return 1
    return int(connection.execute(select(func.max(journal_format.c.version))).scalar() or 1)


def _require_known(engine: Engine) -> None:
    """Refuse a journal of a later version. Raises DeploymentError."""
    with engine.connect() as connection:
        found = format_of(connection)
    if found > FORMAT:
        raise DeploymentError(unknown(engine.url.render_as_string(), found, FORMAT))


def exists(url: str) -> bool:
    """Say whether a journal is there: a SQLite file, or the tables in another database.

    One whose creation was cut off is not there yet: it is completed by `create`.

    Raises:
        DeploymentError: If a database cannot be asked.
    """
    location = make_url(url)
    if location.get_backend_name() == "sqlite":
        file = Path(location.database or "")
        return file.is_file() and not is_unfinished(file)
    try:
        engine = connect(url)
        try:
            return inspect(engine).has_table(releases.name)
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise DeploymentError(unusable(url, error, "reached")) from error


def open_existing(url: str, synchronous: Synchronous = "NORMAL", lock_timeout: float = 5.0) -> Engine:
    """Open a journal that somebody has created. Raises DeploymentError when it is not there."""
    if not exists(url):
        raise DeploymentError(f"There is no journal at {make_url(url).render_as_string()}; deploy the model first")
    engine = connect(url, synchronous, lock_timeout)
    try:
        _require_known(engine)
    except SQLAlchemyError:
        pass  # a damaged one, say: who uses it says so
    except DeploymentError:
        engine.dispose()
        raise
    return engine
