"""Requests of the journal as predictions of single rows, also of a journal of format 1, which has them so."""

import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select
from sqlalchemy.sql.elements import ColumnElement

from ml.predictions.codec import REVIEW, confidence_of
from serving.journal.inputs import Kept, rows_of
from serving.journal.schema import predictions, requests
from serving.journal.tables import format_of
from serving.journal.trouble import Unreadable

_AT_ONCE = 200  # requests that are held as the database has them
Record = dict[str, Any]


class Predicted(NamedTuple):
    """One prediction: `row` is the position among the instances, `record` as `ml.predictions.codec` writes it."""

    request_id: str
    row: int
    time: float
    version: str
    inputs: Record
    record: Record
    confidence: float | None
    needs_review: bool
    latency: float


def newest(
    connection: Connection, most: int, version: str | None = None, since: float | None = None
) -> list[Predicted]:
    """Return at most so many predictions in order, the newest that there are.

    Args:
        connection: To a journal.
        most: How many.
        version: Only this version's; None for all.
        since: Only those from this time on, seconds since the epoch; None for all.

    Raises:
        json.JSONDecodeError, Unreadable: If a row is not what was written.
    """
    many = _singly(predicted(connection, _conditions(requests, version, since)) if format_of(connection) > 1 else ())
    single = predicted_singly(connection, _conditions(predictions, version, since))
    found = heapq.merge(many, single, key=lambda one: -one.time)
    return list(islice(found, most))[::-1]


def _singly(requests: Iterable[list[Predicted]]) -> Iterator[Predicted]:
    for one in requests:
        yield from reversed(one)


def places_of(rows: int, places: str | None) -> Sequence[int]:
    """Return where the predicted rows of a request are among its instances. Raises json.JSONDecodeError."""
    found: Sequence[int] = range(rows) if places is None else json.loads(places)
    return found


def by_place(rows: int, places: str | None, answers: str) -> dict[int, Record]:
    """Return what was predicted in a request, by position among its instances.

    Raises:
        json.JSONDecodeError: If it is no JSON.
        Unreadable: If it is not what was written.
    """
    found = places_of(rows, places)
    records = json.loads(answers)
    if not len(found) == len(records) == rows or not all(isinstance(one, dict) and REVIEW in one for one in records):
        raise Unreadable("a request has not as many answers as rows")
    return dict(zip(found, records, strict=True))


def predicted(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], *, newest_first: bool = True
) -> Iterator[list[Predicted]]:
    """Yield the predictions of each request that fulfils conditions; of a journal of format 2 or later."""
    c = requests.c
    query = select(
        c.request_id, c.time, c.version, c.rows, c.places, c.inputs, c.numbers, c.answers, c.latency
    ).where(*conditions).order_by(c.id.desc() if newest_first else c.id)  # fmt: skip
    with connection.execution_options(yield_per=_AT_ONCE).execute(query) as cursor:
        for request_id, time, of, rows, places, inputs, numbers, answers, latency in cursor:
            given, found = rows_of(Kept(inputs, numbers)), by_place(rows, places, answers)
            if len(given) != len(found):
                raise Unreadable("a request has not as many inputs as answers")
            yield [
                Predicted(request_id, place, time, of, row, record, confidence_of(record), record[REVIEW], latency)
                for (place, record), row in zip(found.items(), given, strict=True)
            ]


def predicted_singly(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], *, newest_first: bool = True
) -> Iterator[Predicted]:
    """Yield the predictions that fulfil conditions of those that were kept row by row."""
    c = predictions.c
    query = select(
        c.request_id, c.row, c.time, c.version, c.inputs, c.answer, c.confidence, c.needs_review, c.latency
    ).where(*conditions).order_by(c.id.desc() if newest_first else c.id)  # fmt: skip
    for found in connection.execution_options(yield_per=_AT_ONCE).execute(query).partitions():
        inputs, records = parse([row.inputs for row in found]), parse([row.answer for row in found])
        for row, given, record in zip(found, inputs, records, strict=True):
            yield Predicted(
                row.request_id,
                row.row,
                row.time,
                row.version,
                given,
                record,
                row.confidence,
                row.needs_review,
                row.latency,
            )


def _conditions(table: Table, version: str | None, since: float | None) -> list[ColumnElement[bool]]:
    conditions = [] if version is None else [table.c.version == version]
    return conditions if since is None else [*conditions, table.c.time >= since]


def parse(texts: list[str]) -> list[Record]:
    """Return what is kept as JSON; one call is several times faster than one a row."""
    parsed: list[Record] = json.loads(f"[{','.join(texts)}]")
    return parsed
