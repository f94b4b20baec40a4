"""How a journal is made, and whether it is there: SQLite in WAL mode by default, any SQLAlchemy URL otherwise."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, Inspector, Table, create_engine, delete, func, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from ml.io.new_file import name_without_replacing
from ml.io.scratch import partial_file, remove_partials
from schemas.errors import DeploymentError
from serving.journal.contents import is_emptied, is_unfinished
from serving.journal.engine import Synchronous, begin_writing, connect
from serving.journal.location import sqlite_url
from serving.journal.schema import FIRST, FORMAT, IN_ORDER, journal_format, releases
from serving.journal.trouble import Away, emptied, is_away, unknown, unusable
from serving.journal.upgrade import add_columns, remove_repeated

_CREATING = 0x6472_6A6F  # any number that others do not lock


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

    Each step has a transaction of its own, so that those who write wait for the locks of one step at most; the format,
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


def has_table(connection: Connection, name: str) -> bool:
    """Say whether a journal has a table, which one of before may lack."""
    return inspect(connection).has_table(name)


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

    A file whose creation was cut off is not there yet; tables of which some are missing are: `create` completes both.

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
