"""Labels that arrive later: the prediction that they speak of, and what is kept of them."""

import json
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, and_, insert, or_, select
from sqlalchemy.sql.elements import ColumnElement

from serving.journal.exploded import by_place
from serving.journal.schema import labels, predictions, requests

LabelStatus = Literal["recorded", "known", "corrected"]
_LONGEST_ID = 36


class Label(NamedTuple):
    """What somebody reports of one prediction; `label` is JSON text, `time` seconds since the epoch."""

    request_id: str
    row: int
    label: str
    time: float
    who: str | None = None


class KeptPrediction(NamedTuple):
    """One prediction of a request, as it was sent."""

    row: int
    version: str
    answer: dict[str, Any]


def kept_predictions(engine: Engine, request_id: str, row: int | None, most: int) -> list[KeptPrediction]:
    """Return a request's predictions in order, at most so many; only that of `row` unless it is None."""
    if len(request_id) > _LONGEST_ID or not (request_id.isascii() and request_id.isprintable()):
        return []  # none of ours, and not every database takes it
    with engine.connect() as connection:
        found = _of_request(connection, request_id) or _single(connection, request_id, row, most)
    return [one for one in found if row is None or one.row == row][:most]


def _of_request(connection: Connection, request_id: str) -> list[KeptPrediction]:
    c = requests.c
    query = select(c.version, c.rows, c.places, c.answers).where(c.request_id == request_id)
    found = connection.execute(query).first()
    if found is None:
        return []
    version, rows, places, answers = found
    return [KeptPrediction(place, version, record) for place, record in by_place(rows, places, answers).items()]


def _single(connection: Connection, request_id: str, row: int | None, most: int) -> list[KeptPrediction]:
    """Return predictions that were kept row by row."""
    c = predictions.c
    query = select(c.row, c.version, c.answer).where(c.request_id == request_id).order_by(c.row).limit(most)
    if row is not None:
        query = query.where(c.row == row)
    return [KeptPrediction(place, version, json.loads(text)) for place, version, text in connection.execute(query)]


def record(connection: Connection, fresh: Sequence[Label]) -> list[LabelStatus]:
    """Append the labels that are new, and return what became of each, in order.

    The caller's transaction holds the write lock (`begin_writing`): of two equal labels at the same moment, sent
    to whichever process, one is recorded and the other is known.
    """
    if not fresh:
        return []
    latest = _latest(connection, sorted({(label.request_id, label.row) for label in fresh}))
    statuses: list[LabelStatus] = []
    for label in fresh:
        before = latest.get((label.request_id, label.row))
        statuses.append("recorded" if before is None else "known" if before == label.label else "corrected")
        latest[label.request_id, label.row] = label.label
    new = [label._asdict() for label, status in zip(fresh, statuses, strict=True) if status != "known"]
    if new:
        connection.execute(insert(labels), new)
    return statuses


def _latest(connection: Connection, pairs: list[tuple[str, int]]) -> dict[tuple[str, int], str]:
    if connection.dialect.name != "sqlite":
        for table in (requests, predictions):
            mine = table.c.request_id.in_(sorted({request_id for request_id, _ in pairs}))
            connection.execute(select(table.c.id).where(mine).order_by(table.c.id).with_for_update())
    c = labels.c
    query = select(c.request_id, c.row, c.label).where(_are(c.request_id, c.row, pairs)).order_by(c.id)
    return {(request_id, row): label for request_id, row, label in connection.execute(query)}


def _are(request_id: ColumnElement[str], row: ColumnElement[int], pairs: list[tuple[str, int]]) -> ColumnElement[bool]:
    # SQLite scans the table for a list of pairs, but looks each of these up.
    return or_(*(and_(request_id == one, row == place) for one, place in pairs))
