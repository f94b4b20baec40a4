"""Sink `sql`: a new table of a database that SQLAlchemy knows.

Rows are spooled to a temporary file and go in within one transaction at the end: nothing is locked while the model
predictions, and the database may be the one that the rows come from.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, Field

from ml.components.sink import Sink
from ml.io.database.params import DatabaseParams
from schemas.errors import Fault
from schemas.secret import SecretRef

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ml.sinks.sql_writer import SqlWriter


class SqlSinkParams(DatabaseParams):
    """Which table will be made where, and who asks."""

    table: str = Field(min_length=1, description="a table that is not there yet, unless it is replaced")
    replace: bool = Field(default=False, description="take the place of a table of that name, in one transaction")


class SqlSink(Sink):
    """Predicted rows as a table with the columns' types."""

    Params: ClassVar[type[BaseModel]] = SqlSinkParams
    params: SqlSinkParams
    keys: ClassVar[tuple[str, ...]] = ("url", "table", "query")

    def __init__(self, params: SqlSinkParams, reveal: Callable[[SecretRef], str]) -> None:
        self.params = params
        self._reveal = reveal

    @property
    def place(self) -> str:
        """The table and the database."""
        where = self.params.url if isinstance(self.params.url, str) else "the database"
        return f"table {self.params.table} of {where}"

    @property
    def replaces(self) -> bool:
        """Whether a table of the name is replaced."""
        return self.params.replace

    def preflight(self) -> list[Fault]:
        """Return why the table cannot be made; a database that is not there is not made by asking."""
        from sqlalchemy.exc import SQLAlchemyError

        from ml.io.database.error_kinds import kind_of
        from ml.io.database.errors import SqlError, message_of
        from ml.sinks.sql_engine import commits_tables, has_table, try_tables

        try:
            engine = self._engine()
            if self.params.replace and commits_tables(engine):
                what = f"{engine.dialect.name} cannot replace a table within a transaction"
                return [Fault("replace", what, "name another table, or remove the old one yourself")]
            if not self.params.replace and has_table(engine, self.params.table, self.params.database_schema):
                what = f"the database has a table {self.params.table!r} already, and nothing is overwritten unasked"
                return [Fault("table", what, "name another table, or batch.output.replace=true")]
            try_tables(engine, self.params.database_schema)
        except SqlError as error:
            return error.faults
        except SQLAlchemyError as error:
            reason: Exception = getattr(error, "orig", None) or error
            kind = kind_of(reason)
            what = message_of(reason, self._secrets())
            if kind.path:
                return [Fault(kind.path, f"{kind.what}: {what}", kind.hint)]
            return [
                Fault("table", f"cannot be made: {what}", "a schema that is there, and a user who may CREATE in it")
            ]
        return []

    def open(self) -> "SqlWriter":
        """Begin the table. Raises ContentError."""
        from ml.sinks.sql_writer import SqlWriter

        given = self.params
        return SqlWriter(self._engine, given.table, given.database_schema, self._secrets, replace=given.replace)

    def _engine(self) -> "Engine":
        """Return the engine, its secrets revealed. Raises SqlError."""
        from ml.io.database.params import login
        from ml.sinks.sql_engine import writing_engine

        return writing_engine(login(self.params, self._reveal))

    def _secrets(self) -> tuple[str, ...]:
        """Return what must not stand in a message."""
        from ml.io.database.params import login

        return login(self.params, self._reveal).secrets
