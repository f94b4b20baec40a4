"""Rows on their way into a table that does not exist yet."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import SQLAlchemyError

from ml.components.sink import Writer
from ml.io.arrow.tables import Tables
from ml.io.database.errors import message_of
from ml.io.new_file import NewFile
from ml.sinks.sql_engine import commits_tables, sqlite_file, staging_engine
from ml.sinks.sql_table import declare, rows_of
from schemas.errors import ContentError

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 5_000
"""Rows in one statement's parameters."""


class SqlWriter(Writer):
    """Spools frames; `prepare` sends them all within a transaction, `commit` makes them visible.

    MySQL and Oracle commit a new table at once: there a killed process leaves it, empty.
    """

    def __init__(
        self,
        connect: Callable[[], Engine],
        table: str,
        schema: str | None,
        secrets: Callable[[], Sequence[str]],
        *,
        replace: bool = False,
    ) -> None:
        self._replace = replace
        self._connect, self._table, self._schema, self._secrets = connect, table, schema, secrets
        self._spool = TemporaryFile(prefix="drivetrain-rows-")  # noqa: SIM115  closed by `abort` and `commit`
        self._tables: Tables | None = None
        self._stream: Any = None
        self._sending: _Sending | None = None

    def write(self, frame: "pd.DataFrame") -> None:
        """Append rows. Raises ContentError."""
        try:
            if self._tables is None:
                self._tables = Tables(frame)
                self._stream = pa.ipc.new_stream(self._spool, self._tables.schema)
            self._stream.write_table(self._tables.table(frame), max_chunksize=_AT_ONCE)
        except (OSError, pa.ArrowException) as error:
            raise ContentError(f"the rows cannot be kept for the database: {error}") from error

    def prepare(self) -> None:
        """Create the table and insert every row, in a transaction that nobody sees yet. Raises ContentError."""
        assert self._tables is not None, "there are rows"
        with self._told():
            self._stream.close()
            self._spool.seek(0)
            self._sending = _Sending(self._connect(), declare(self._table, self._schema, self._tables.schema))
            self._sending.begin(replace=self._replace)
            for batch in pa.ipc.open_stream(self._spool):
                self._sending.insert(rows_of(batch))
            self._sending.prepare()

    def commit(self) -> None:
        """Make the table visible. Raises ContentError."""
        assert self._sending is not None, "prepared first"
        with self._told():
            self._sending.commit()
        self.abort()

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `commit`."""
        sending, self._sending = self._sending, None
        try:
            if sending is not None:
                with self._told("may have been left behind, empty"):
                    sending.end()
        finally:
            with suppress(OSError):  # what is buffered need not fit on the disk
                self._spool.close()

    @contextmanager
    def _told(self, what: str = "cannot be written, and nothing of it was") -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError, OverflowError, ValueError, TypeError) as error:
            # Drivers raise the last three themselves, for a value that they cannot send.
            reason = message_of(getattr(error, "orig", None) or error, self._secrets())
            # The cause holds statement and rows, and ZenML keeps causes.
            raise ContentError(f"table {self._table!r} {what}: {reason}") from None


class _Sending:
    """One transaction that makes a table; where that makes a SQLite file, it is written aside and named at the end."""

    def __init__(self, engine: Engine, table: Table) -> None:
        file = sqlite_file(engine)
        self._new = NewFile(file.resolve()) if file is not None and not file.exists() else None
        self._engine, self._table = staging_engine(self._new.partial) if self._new else engine, table
        self._connection: Connection | None = None
        self._is_made = self._is_committed = False

    def begin(self, *, replace: bool) -> None:
        self._connection = self._engine.connect()
        self._connection.begin()
        if replace:
            self._table.drop(self._connection, checkfirst=True)
        self._table.create(self._connection, checkfirst=False)
        self._is_made = True

    def insert(self, rows: list[dict[str, Any]]) -> None:
        assert self._connection is not None, "begun first"
        self._connection.execute(self._table.insert(), rows)

    def prepare(self) -> None:
        if self._new is not None:
            self._commit()
            self._new.prepare()

    def commit(self) -> None:
        if self._new is not None:
            self._new.publish()
        else:
            self._commit()

    def end(self) -> None:
        """Close; what was not committed is gone, an empty table of ours included."""
        try:
            if self._connection is not None:
                with self._connection:
                    self._connection.rollback()
                    if self._is_made and not self._is_committed and commits_tables(self._engine):
                        self._table.drop(self._connection, checkfirst=True)
                        self._connection.commit()
        finally:
            if self._new is not None:
                self._new.abort()

    def _commit(self) -> None:
        assert self._connection is not None, "begun first"
        self._connection.commit()
        self._is_committed = True
        connection, self._connection = self._connection, None
        connection.close()
