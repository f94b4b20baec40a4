"""Rows of a table or a query as they come, a batch at a time, over a connection that only reads."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, inspect, literal_column, select
from sqlalchemy import table as table_named
from sqlalchemy.exc import SQLAlchemyError

from ml.io.database.engine import Login, engine, restrict
from ml.io.database.error_kinds import kind_of
from ml.io.database.errors import SqlError, TooSlowError, message_of
from schemas.errors import Fault, did_you_mean, listed

Rows = Sequence[Sequence[Any]]
_MISSING = re.compile(r"""(?:no such table: |relation "|Table ')([^"']+)""")


@dataclass(frozen=True)
class Wanted:
    """A table, maybe of a schema, or a query."""

    table: str | None
    schema: str | None
    query: str | None


@contextmanager
def selected(
    login: Login, wanted: Wanted, rows: int, seconds: float | None = None
) -> Iterator[tuple[list[str], Iterator[Rows]]]:
    """Give the column names and the rows in batches of at most `rows`, held by the server until they are asked for.

    Raises:
        TooSlowError: If the query takes longer than `seconds`.
        SqlError: With the parameters that are at fault.
    """
    made = engine(login)
    try:
        with made.connect() as connection:
            restrict(connection, seconds)
            result = _execute(connection.execution_options(yield_per=rows), wanted)
            names = [str(item[0]) or f"column {place}" for place, item in enumerate(_description(result), start=1)]
            yield names, result.partitions(rows)
    except SQLAlchemyError as error:
        raise _told(error, made, login, wanted) from None
    finally:
        made.dispose()


def _execute(connection: Connection, wanted: Wanted) -> CursorResult[Any]:
    if wanted.table is not None:
        return connection.execute(
            select(literal_column("*")).select_from(table_named(wanted.table, schema=wanted.schema))
        )
    # As it was written: neither a colon nor a percent sign in it stands for a parameter.
    return connection.execution_options(no_parameters=True).exec_driver_sql(str(wanted.query).strip().rstrip(";"))


def _description(result: CursorResult[Any]) -> Sequence[Any]:
    # The driver's own: SQLAlchemy shortens names that hold a point.
    return result.cursor.description or () if result.cursor is not None else ()


def _told(error: Any, made: Engine, login: Login, wanted: Wanted) -> SqlError:
    original: Exception = getattr(error, "orig", None) or error
    kind = kind_of(original)
    given = "table" if wanted.table is not None else "query"
    hint = _tables(made, wanted, str(original)) if kind.name == "table" else kind.hint
    fault = Fault(kind.path or given, f"{kind.what} ({message_of(original, login.secrets)})", hint)
    return TooSlowError([fault]) if kind.name == "patience" else SqlError([fault])


def _tables(made: Engine, wanted: Wanted, text: str) -> str:
    """Return which tables there are, those with a similar name first."""
    found = _MISSING.search(text)
    asked = wanted.table or (found.group(1) if found else "")
    try:
        looked = inspect(made)
        known = sorted({*looked.get_table_names(wanted.schema), *looked.get_view_names(wanted.schema)})
        schemas = [] if wanted.schema else looked.get_schema_names()
        elsewhere = [name for name in schemas if looked.has_table(asked, name)]
    except SQLAlchemyError:
        return ""
    if elsewhere:
        return f"there is one in the schema {elsewhere[0]!r}: database_schema: {elsewhere[0]}"
    return f"tables: {listed(known)}.{did_you_mean(asked, known)}" if known else "it has no tables"
