"""What of the journal a look counts: the next requests and labels in the order of their arrival, a bounded number.

Rows are written when a request ends, in any order. A request arrived `latency` before; what becomes of it is written
within the horizon (its deadline, and how long the journal may be busy). So the journal is complete up to one horizon
before now, and one look reads only rows above a number below which nothing is left.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, func, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement

from schemas.rollout_state import Position
from serving.journal.schema import labels, requests, routed_keys, shadows, unanswered
from serving.rollouts.record import Rollout

REQUESTS, UNANSWERED, SHADOWS, LABELS = 0, 1, 2, 3
"""Ranks of the tables: the order of what arrived at the same moment."""
_TABLES: tuple[Table, ...] = (requests, unanswered, shadows, labels)
_ALL = len(_TABLES)
MOST = 1000  # rows of each table that a look counts
_MOST_PREDICTIONS = 20_000
_SPAN = 200_000  # numbers of a table that a look goes through, more where as many come within the horizon


FOLLOWED = 0.5
"""Seconds after which every worker routes by what became of the releases: they look twenty times a second."""
Place = tuple[float, int, int]
"""Time of arrival, rank of the table, number of the row."""


class Found(NamedTuple):
    """A row to count; in order, these are in the order of arrival."""

    time: float
    rank: int
    id: int
    predictions: int = 0

    @property
    def place(self) -> Place:
        """Where it is in the order."""
        return self[:3]


@dataclass(frozen=True)
class Part:
    """The rows that a look may count, all there are up to `until`, and whether more wait behind."""

    rows: list[Found]
    until: Place
    is_more: bool


def start(connection: Connection, time: float) -> Position:
    """Return the position of a rollout that begins: what is there already is none of its evidence.

    Nor is what comes before every worker knows: it may be split against the candidate before, by the same share.
    """
    highest = {table.name: int(connection.execute(select(func.max(table.c.id))).scalar() or 0) for table in _TABLES}
    return Position(at=(time + FOLLOWED, -1, 0), low=highest, first=highest)


def read(connection: Connection, rollout: Rollout, horizon: float, now: float, by_key: bool) -> Part:
    """Return what comes next.

    Args:
        connection: To the journal.
        rollout: Whose position is read on from.
        horizon: Seconds within which a request's outcome is written.
        now: Seconds since the epoch.
        by_key: Whether of a key only the first request counts.
    """
    complete, ends = now - horizon, list[Found]()
    found: list[Found] = []
    for rank, table in enumerate(_TABLES):
        top, until = _top(connection, table, rollout.position, horizon)
        complete = min(complete, until)
        rows = _rows(connection, rank, rollout, top, now - horizon, by_key)
        found += rows
        ends += rows[-1:] if len(rows) == MOST else []
    last = min([(complete, _ALL, 0), *(one.place for one in ends)])
    found = sorted(one for one in found if one.place <= last)
    few = _few(found)
    if len(few) < len(found):
        return Part(few, few[-1].place, True)
    return Part(found, last, bool(ends) or complete < now - horizon)


def after(connection: Connection, position: Position, until: Place) -> Position:
    """Return the position once all rows up to a place are counted."""
    at = max(position.at, until)
    low = {table.name: _low(connection, rank, position.low[table.name], at[0]) for rank, table in enumerate(_TABLES)}
    return Position(at=at, low=low, first=position.first)


def first_tried(connection: Connection, rollout: Rollout, horizon: float, until: float) -> float | None:
    """Return when the new version first answered in the stage, or failed, a request that is not the first of its key.

    Args:
        connection: To the journal.
        rollout: Whose stage it is; where it is known already that the new version was tried, nothing is read.
        horizon: As of `read`.
        until: Until when a look counts.

    Returns:
        The arrival, seconds since the epoch; None where there is none that is not counted yet.
    """
    state, share = rollout.state, rollout.spec.stages[rollout.state.stage].traffic
    if not share or state.answered or state.tried is not None:
        return None
    found = []
    for table in (requests, unanswered):
        arrival, c = _arrival(table), table.c
        query = select(func.min(arrival)).where(
            *(c.id > rollout.position.low[table.name], c.id <= _top(connection, table, rollout.position, horizon)[0]),
            *(c.version == rollout.candidate, c.share == share),
            *(arrival >= state.placed, arrival <= until, ~is_first(table)),
        )
        if table is unanswered:
            query = query.where(c.status >= 500, c.status != 503)  # `ml.rollouts.observations.is_failure`
        found.append(connection.execute(query).scalar())
    return min((float(one) for one in found if one is not None), default=None)


def _arrival(table: Table) -> ColumnElement[float]:
    return requests.c.time - requests.c.latency if table is requests else table.c.time


def _written(table: Table) -> ColumnElement[float]:
    """Return when a row was ready to be written, at the earliest."""
    return table.c.time + table.c.latency if table in (shadows, unanswered) else table.c.time


def _top(connection: Connection, table: Table, position: Position, horizon: float) -> tuple[int, float]:
    """Return up to which number a table is read, and until when it is complete by that."""
    c, span, low, at = table.c, _SPAN, position.low[table.name], position.at[0]
    last = int(connection.execute(select(func.max(c.id))).scalar() or 0)
    first = connection.execute(select(func.min(c.id)).where(c.id > low)).scalar()  # retention may have left a gap
    while first is not None and last >= first + span:
        query = select(c.id, _written(table)).where(c.id >= first, c.id < first + span)
        number, written = connection.execute(query.order_by(c.id.desc()).limit(1)).one()
        if written - horizon > at:
            return number, written - horizon
        span *= 2  # more came within the horizon
    return last, float("inf")


def _rows(connection: Connection, rank: int, rollout: Rollout, top: int, complete: float, by_key: bool) -> list[Found]:
    table, at = _TABLES[rank], rollout.position.at
    arrival = _arrival(table)
    number: ColumnElement[Any] = table.c.rows if table is not labels else literal(1)
    query = select(arrival, table.c.id, number).where(
        table.c.id > rollout.position.low[table.name],
        table.c.id <= top,
        arrival <= complete,
        or_(arrival > at[0], (arrival == at[0]) & (literal(rank) >= at[1])),
        *_conditions(table, rollout, by_key),
    )
    kept = connection.execute(query.order_by(arrival, table.c.id).limit(MOST + 1))
    found = [Found(time, rank, number, rows) for time, number, rows in kept]
    return [one for one in found if one.place > at][:MOST]


def _conditions(table: Table, rollout: Rollout, by_key: bool) -> list[ColumnElement[bool]]:
    if table is labels:
        return []
    if table is shadows:
        return [table.c.version == rollout.candidate]
    found: list[ColumnElement[bool]] = [
        table.c.share.in_(shares(rollout)),
        table.c.version.in_([rollout.old, rollout.candidate]),
    ]
    if table is unanswered:
        found.append(table.c.status != 200)
    return [*found, is_first(table)] if by_key else found


def shares(rollout: Rollout) -> list[float]:
    """Return the shares by which a rollout split requests so far; others are of another candidate."""
    return [stage.traffic for stage in rollout.spec.stages[: rollout.state.stage + 1] if stage.traffic]


def is_first(table: Table) -> ColumnElement[bool]:
    """Return whether a request is the first one of its key."""
    return select(literal(1)).where(routed_keys.c.request_id == table.c.request_id).exists()


def _few(found: list[Found]) -> list[Found]:
    """Return as many as have not too many predictions together, one at least."""
    total = 0
    for place, one in enumerate(found):
        total += one.predictions
        if total > _MOST_PREDICTIONS and place:
            return found[:place]
    return found


def _low(connection: Connection, rank: int, low: int, time: float) -> int:
    """Return the number up to which nothing is left; what is not counted yet was written later than what is."""
    table = _TABLES[rank]
    query = select(table.c.id).where(table.c.id > low, _written(table) >= time).order_by(table.c.id).limit(1)
    first = connection.execute(query).scalar()
    if first is not None:
        return int(first) - 1
    return max(low, int(connection.execute(select(func.max(table.c.id))).scalar() or 0))
