"""What the journal says that the old version did before a rollout: the reference, and the measure of both versions."""

import numpy as np
from sqlalchemy import Connection, func, select

from ml.rollouts.reference import reference
from schemas.rollout_state import Measure, Reference
from schemas.signature import Output
from serving.journal.exploded import Record, by_place
from serving.journal.schema import labels, requests
from serving.journal.trouble import Unreadable
from serving.rollouts.measure import Labelled, as_decided, binned, loss, measure_of

_REQUESTS = 1000
_ROWS = 50_000  # predictions that are held
_BACK = 100_000  # requests, or labels, that are looked through


def before(
    connection: Connection, version: str, outputs: tuple[Output | None, Output | None] = (None, None)
) -> tuple[Reference, Measure]:
    """Summarise the newest requests that a version answered, and the newest labels of its predictions.

    Args:
        connection: To the journal.
        version: The version.
        outputs: `Measure.outputs`, its own first.
    """
    latencies, read = _answered(connection, version)
    answers = [as_decided(outputs[0], one) for one in read]
    found = _labelled(connection, version)
    records = as_decided(outputs[0], [record for record, _ in found])
    labelled = [(record, label) for record, (_, label) in zip(records, found, strict=True)]
    measure = measure_of(answers, labelled).model_copy(update={"outputs": outputs})
    losses = [one for record, label in labelled if (one := loss(measure, record, label)) is not None]
    known = reference(np.array(latencies), binned(measure, answers), np.array(losses))
    return known, measure


def _answered(connection: Connection, version: str) -> tuple[list[float], list[list[Record]]]:
    c = requests.c
    since = select(func.coalesce(func.max(c.id), 0) - _BACK).scalar_subquery()
    query = select(c.rows, c.places, c.answers, c.latency).where(c.version == version, c.id > since)
    query = query.order_by(c.id.desc()).limit(_REQUESTS)
    latencies, answers, held = list[float](), list[list[Record]](), 0
    with connection.execution_options(yield_per=16).execute(query) as cursor:
        for rows, places, text, latency in cursor:
            held += rows
            if held > _ROWS and answers:
                break
            try:
                answers.append(list(by_place(rows, places, text).values()))
            except (Unreadable, ValueError):
                continue
            latencies.append(latency)
    return latencies, answers


def _labelled(connection: Connection, version: str) -> list[Labelled]:
    c, own = requests.c, labels.c
    since = select(func.coalesce(func.max(own.id), 0) - _BACK).scalar_subquery()
    query = select(own.row, own.label, c.rows, c.places, c.answers).join(requests, own.request_id == c.request_id)
    query = query.where(c.version == version, own.id > since).order_by(own.id.desc()).limit(_REQUESTS)
    found: list[Labelled] = []
    with connection.execution_options(yield_per=16).execute(query) as cursor:
        for row, label, rows, places, text in cursor:
            try:
                record = by_place(rows, places, text).get(row)
            except (Unreadable, ValueError):
                continue
            if record is not None:
                found.append((record, label))
    return found
