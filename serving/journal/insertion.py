"""Answered requests into the journal's table, with SQLite many in one statement.

SQLite's driver lets go of the interpreter's lock for every row of an `executemany`, and waits each time until the
thread that answers requests gives it back: that took a third of a busy worker's time.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, insert

from serving.journal.schema import requests, shadows

_FIXED = 250  # bytes of what every request has, with its entries in indexes
_AT_ONCE = 32  # requests of a statement; the driver keeps the 128 statements that it prepared last


class Request(NamedTuple):
    """The predicted rows of one request.

    `time` is seconds since the epoch, `latency` seconds. `places` are the rows' positions among the instances, as JSON;
    None: they are all of them. `inputs` and `numbers` are `serving.journal.inputs.Kept`, `answers` is the JSON of a
    list of records, `for_review` how many of these a person should look at. `share` is that of the candidate when the
    request was sent to one of two versions by chance, `trace` the W3C `traceparent` it came with, `flags` JSON of what
    was done to its values.
    """

    request_id: str
    time: float
    version: str
    rows: int
    places: str | None
    inputs: str
    numbers: bytes | None
    answers: str
    for_review: int
    latency: float
    share: float | None = None
    trace: str | None = None
    flags: str | None = None


class Shadowed(NamedTuple):
    """What a version that followed unseen would have answered to a request.

    The fields are those of `Request`; `status` is that of the response.
    """

    request_id: str
    time: float
    version: str
    status: int
    rows: int
    places: str | None
    answers: str
    for_review: int
    latency: float


_TABLES: dict[type[Request] | type[Shadowed], Table] = {Request: requests, Shadowed: shadows}


def add(connection: Connection, rows: Sequence[Request | Shadowed]) -> None:
    """Write requests within the connection's transaction."""
    if connection.dialect.name == "sqlite":
        for statement, values in statements(rows):
            connection.exec_driver_sql(statement, values)
        return
    for kind, table in _TABLES.items():
        if some := [row._asdict() for row in rows if type(row) is kind]:
            connection.execute(insert(table), some)


def statements(rows: Sequence[Request | Shadowed]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield what writes requests into a SQLite journal: statements with their values."""
    for kind, table in _TABLES.items():
        some = [row for row in rows if type(row) is kind]
        for start in range(0, len(some), _AT_ONCE):
            part = some[start : start + _AT_ONCE]
            yield _statement(table.name, kind._fields, len(part)), tuple(chain.from_iterable(part))


def size_of(row: Request | Shadowed) -> int:
    """Return about how many bytes a request takes."""
    own = len(row.inputs) + len(row.numbers or b"") if isinstance(row, Request) else 0
    return own + len(row.answers) + _FIXED


@cache
def _statement(table: str, fields: tuple[str, ...], rows: int) -> str:
    columns = ", ".join(f'"{name}"' for name in fields)
    places = f"({', '.join('?' * len(fields))})"
    return f'INSERT INTO "{table}" ({columns}) VALUES {", ".join([places] * rows)}'
