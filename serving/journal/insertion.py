"""Answered requests into the journal's table, with SQLite many in one statement.

SQLite's driver lets go of the interpreter's lock for every row of an `executemany`, and waits each time until the
thread that answers requests gives it back: that took a third of a busy worker's time.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, insert

from serving.journal.tables import requests

_AT_ONCE = 32  # requests of a statement; the driver keeps the 128 statements that it prepared last


class Request(NamedTuple):
    """The predicted rows of one request.

    `time` is seconds since the epoch, `latency` seconds. `places` are the rows' positions among the instances, as JSON;
    None: they are all of them. `inputs` and `numbers` are `serving.journal.inputs.Kept`, `answers` is the JSON of a
    list of records, `for_review` how many of these a person should look at.
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


def add(connection: Connection, rows: Sequence[Request]) -> None:
    """Write requests within the connection's transaction."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(requests), [row._asdict() for row in rows])
        return
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        connection.exec_driver_sql(_statement(len(part)), tuple(chain.from_iterable(part)))


@cache
def _statement(rows: int) -> str:
    columns = ", ".join(f'"{name}"' for name in Request._fields)
    places = f"({', '.join('?' * len(Request._fields))})"
    return f'INSERT INTO "{requests.name}" ({columns}) VALUES {", ".join([places] * rows)}'
