"""Answered requests into the journal's table, with SQLite many in one statement.

SQLite's driver lets go of the interpreter's lock for every row of an `executemany`, and waits each time until the
thread that answers requests gives it back: that took a third of a busy worker's time.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, Table, insert

from serving.journal.schema import requests, shadows

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
    for kind in _TABLES:
        _add(connection, kind, [row for row in rows if type(row) is kind])


def _add(connection: Connection, kind: type[Request] | type[Shadowed], rows: Sequence[Request | Shadowed]) -> None:
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(_TABLES[kind]), [row._asdict() for row in rows])
        return
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        statement = _statement(_TABLES[kind].name, kind._fields, len(part))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


@cache
def _statement(table: str, fields: tuple[str, ...], rows: int) -> str:
    columns = ", ".join(f'"{name}"' for name in fields)
    places = f"({', '.join('?' * len(fields))})"
    return f'INSERT INTO "{table}" ({columns}) VALUES {", ".join([places] * rows)}'
