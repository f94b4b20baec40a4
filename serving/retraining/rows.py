"""The labelled rows of a journal, as retraining takes them: what was sent, the latest label, and who gave it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from ml.retraining.rows import LabelledRow
from schemas.retraining import MOST_ROWS
from serving.journal.exploded import Predicted, predicted, predicted_singly
from serving.journal.opened import opened
from serving.journal.schema import labels, predictions, requests
from serving.journal.streamed import parsed_label
from serving.journal.tables import format_of

_AT_ONCE = 200  # requests in one statement


class _Label(NamedTuple):
    request_id: str
    row: int
    label: str
    source: str | None
    time: float


def last_label(journal_url: str) -> int:
    """Return the number of the newest label, 0 where there is none. Raises DeploymentError."""
    with opened(journal_url) as engine, engine.connect() as connection:
        return int(connection.execute(select(func.max(labels.c.id))).scalar() or 0)


def count_labels(journal_url: str, after: int, until: int) -> int:
    """Return how many labels came after one number, up to another. Raises DeploymentError."""
    c = labels.c
    query = select(func.count()).select_from(labels).where(c.id > after, c.id <= until, c.request_id != "")
    with opened(journal_url) as engine, engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def count_rows(journal_url: str, until: int, rows: int | None, since: float | None) -> int:
    """Return how many labels `labelled_rows` looks at: those of requests that are gone are among them."""
    with opened(journal_url) as engine, engine.connect() as connection:
        found = select(func.count()).select_from(_latest(until, rows, since).subquery())
        return int(connection.execute(found).scalar_one())


def labelled_rows(
    journal_url: str, until: int, rows: int | None = None, since: float | None = None
) -> tuple[list[LabelledRow], int]:
    """Return labelled rows in the order of their labels, and of how many more the request is in the journal no more.

    Args:
        journal_url: The model's journal.
        until: Labels up to this number count, of each row the last.
        rows: At most so many, those labelled last; None: as many as `MOST_ROWS`.
        since: Only labels from then on, seconds since the epoch; None: all.

    Raises:
        DeploymentError: If there is no journal, or it cannot be used.
    """
    with opened(journal_url) as engine, engine.connect() as connection:
        wanted = [_Label(*row) for row in connection.execute(_latest(until, rows, since))][::-1]
        found = _predictions(connection, sorted({one.request_id for one in wanted}))
    kept = [(one, found[one.request_id, one.row]) for one in wanted if (one.request_id, one.row) in found]
    return [
        LabelledRow(
            one.request_id, one.row, of.time, of.version, of.inputs, parsed_label(one.label), one.source, one.time
        )
        for one, of in kept
    ], len(wanted) - len(kept)


def _latest(until: int, rows: int | None, since: float | None) -> Select[Any]:
    """Return the query for the last label of each row, the newest first."""
    c = labels.c
    last = select(func.max(c.id)).where(c.id <= until, c.request_id != "").group_by(c.request_id, c.row)
    query = select(c.request_id, c.row, c.label, c.who, c.time).where(c.id.in_(last)).order_by(c.id.desc())
    query = query if since is None else query.where(c.time >= since)
    return query.limit(MOST_ROWS if rows is None else min(rows, MOST_ROWS))


def _predictions(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, int], Predicted]:
    found: dict[tuple[str, int], Predicted] = {}
    by_request = format_of(connection) > 1
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        single = predicted_singly(connection, [predictions.c.request_id.in_(some)])
        found |= {(one.request_id, one.row): one for one in single}
        for rows in predicted(connection, [requests.c.request_id.in_(some)]) if by_request else ():
            found |= {(one.request_id, one.row): one for one in rows}
    return found
