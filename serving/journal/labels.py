"""Labels that arrive later: the prediction that they speak of, and what is kept of them."""

import json
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import JSON, Connection, Engine, Text, and_, cast, func, insert, or_, select
from sqlalchemy.sql.elements import ColumnElement

from serving.journal.exploded import places_of
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


def kept_rows(engine: Engine, request_id: str) -> list[int]:
    """Return the positions of a request's predictions among its instances, in order; none where there is no request."""
    if not _may_be(request_id):
        return []
    c, old = requests.c, predictions.c
    with engine.connect() as connection:
        found = connection.execute(select(c.rows, c.places).where(c.request_id == request_id)).first()
        if found is not None:
            return list(places_of(*found))
        single = select(old.row).where(old.request_id == request_id).order_by(old.row)
        return list(connection.execute(single).scalars())


def kept_prediction(engine: Engine, request_id: str, row: int) -> KeptPrediction:
    """Return one of the predictions that `kept_rows` names; of a large request no other answer is read.

    Raises:
        LookupError: If there is none.
    """
    c, old = requests.c, predictions.c
    with engine.connect() as connection:
        found = connection.execute(select(c.rows, c.places).where(c.request_id == request_id)).first()
        if found is None:
            query = select(old.version, old.answer).where(old.request_id == request_id, old.row == row)
        else:
            place = places_of(*found).index(row)
            answer = _element(connection, place)
            query = select(c.version, answer).where(c.request_id == request_id)
        kept = connection.execute(query).first()
    if kept is None:
        raise LookupError(f"no prediction of {request_id} at {row}")
    return KeptPrediction(row, kept[0], json.loads(kept[1]))


def _element(connection: Connection, place: int) -> ColumnElement[str]:
    """Return one of a request's answers, as the database takes it out of the list, as JSON text."""
    if connection.dialect.name == "sqlite":
        return func.json_extract(requests.c.answers, f"$[{place}]")
    return cast(cast(requests.c.answers, JSON)[place], Text)


def _may_be(request_id: str) -> bool:
    """Say whether it may be an id of ours: not every database takes all text."""
    return len(request_id) <= _LONGEST_ID and request_id.isascii() and request_id.isprintable()


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
