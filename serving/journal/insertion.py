"""Answered requests into the journal's table, with SQLite many in one statement.

SQLite's driver lets go of the interpreter's lock for every row of an `executemany`, and waits each time until the
thread that answers requests gives it back: that took a third of a busy worker's time.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, Table, insert
from sqlalchemy.dialects import postgresql

from serving.journal.schema import requests, routed_keys, shadows, unanswered

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


class Unanswered(NamedTuple):
    """A request of which rows got no prediction while versions stood side by side; once with each status.

    `time` is that of its arrival; `share` as of `Request`; `status` that of the response: 200 where other rows were
    predicted. `rows` are those without a prediction that the other version would have taken: 0 where these are none, or
    nobody knows how many it had. `latency` is in seconds.
    """

    request_id: str
    time: float
    version: str
    share: float | None
    status: int
    rows: int
    latency: float


class RoutedKey(NamedTuple):
    """The request with which a key was routed first; one that is there already is left as it is."""

    key: str
    request_id: str


Row = Request | Shadowed | Unanswered | RoutedKey
_TABLES: dict[type[Row], Table] = {
    Request: requests,
    Shadowed: shadows,
    Unanswered: unanswered,
    RoutedKey: routed_keys,
}
_ONCE = (Unanswered, RoutedKey)  # one that is there already is left as it is


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Write requests within the connection's transaction."""
    if connection.dialect.name == "sqlite":
        for statement, values in statements(rows):
            connection.exec_driver_sql(statement, values)
        return
    for kind, table in _TABLES.items():
        some = [row for row in rows if type(row) is kind]
        if not some:
            continue
        adding: Insert = insert(table)
        if kind in _ONCE:  # two transactions that wait for each other's keys would meet them in the same order
            adding, some = postgresql.insert(table).on_conflict_do_nothing(), sorted(some, key=itemgetter(0))
        connection.execute(adding, [row._asdict() for row in some])


def statements(rows: Sequence[Row]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield what writes requests into a SQLite journal: statements with their values."""
    for kind, table in _TABLES.items():
        some = [row for row in rows if type(row) is kind]
        for start in range(0, len(some), _AT_ONCE):
            part = some[start : start + _AT_ONCE]
            yield _statement(table.name, kind._fields, len(part)), tuple(chain.from_iterable(part))


def size_of(row: Row) -> int:
    """Return about how many bytes a request takes."""
    if isinstance(row, Unanswered | RoutedKey):
        return _FIXED
    own = len(row.inputs) + len(row.numbers or b"") if isinstance(row, Request) else 0
    return own + len(row.answers) + _FIXED


@cache
def _statement(table: str, fields: tuple[str, ...], rows: int) -> str:
    columns = ", ".join(f'"{name}"' for name in fields)
    places = f"({', '.join('?' * len(fields))})"
    once = "OR IGNORE " if table in {_TABLES[kind].name for kind in _ONCE} else ""
    return f'INSERT {once}INTO "{table}" ({columns}) VALUES {", ".join([places] * rows)}'
