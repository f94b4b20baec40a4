"""Predictions into the journal's table, with SQLite many in one statement.

SQLite's driver lets go of the interpreter's lock for every row of an `executemany`, and waits each time until the
thread that answers requests gives it back: that took a third of a busy worker's time.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, insert

from serving.journal.tables import predictions

_AT_ONCE = 32  # rows of a statement; the driver keeps the 128 statements that it prepared last


class Prediction(NamedTuple):
    """One predicted row; `inputs` and `answer` are JSON text, `time` seconds since the epoch, `latency` seconds."""

    request_id: str
    row: int
    time: float
    version: str
    inputs: str
    answer: str
    confidence: float | None
    needs_review: bool
    latency: float


def add(connection: Connection, rows: Sequence[Prediction]) -> None:
    """Write rows within the connection's transaction."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(predictions), [row._asdict() for row in rows])
        return
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        connection.exec_driver_sql(_statement(len(part)), tuple(chain.from_iterable(part)))


@cache
def _statement(rows: int) -> str:
    columns = ", ".join(f'"{name}"' for name in Prediction._fields)
    places = f"({', '.join('?' * len(Prediction._fields))})"
    return f'INSERT INTO "{predictions.name}" ({columns}) VALUES {", ".join([places] * rows)}'
