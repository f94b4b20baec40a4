"""The table of rollouts: one row for each, at most one of which runs; every change of it is a step, and a step is one.

Whoever changes a row says which step it saw. Who was slower changes nothing: its transaction, with whatever else was in
it, is given up.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, insert, or_, select, update

from schemas.rollout import RolloutSpec
from schemas.rollout_state import Measure, Position, RolloutState
from serving.journal.schema import rollouts

LEASE = 10.0  # seconds for which a controller is the one that decides, after its last sign of life
_RENEWED = 5.0  # seconds before its end that a lease is renewed


class Overtaken(Exception):
    """Somebody else changed the rollout first."""


@dataclass(frozen=True)
class Rollout:
    """One row. Times are seconds since the epoch; `pointer` is the event that put the old version into production."""

    id: int
    step: int
    candidate: str
    package_url: str
    old: str
    pointer: int
    spec: RolloutSpec
    measure: Measure
    state: RolloutState
    position: Position
    counted: int
    why: str
    started: float
    ended: float | None
    outcome: str | None
    holder: str | None
    held_until: float | None


_PARSED: dict[str, Any] = {"spec": RolloutSpec, "measure": Measure, "state": RolloutState, "position": Position}
_COLUMNS = [rollouts.c[name] for name in Rollout.__dataclass_fields__]


def running(connection: Connection) -> Rollout | None:
    """Return the rollout that runs, if one does."""
    row = connection.execute(select(*_COLUMNS).where(rollouts.c.running == 1)).mappings().first()
    return None if row is None else _of(dict(row))


def last(connection: Connection) -> Rollout | None:
    """Return the rollout that began last, whether it runs or not."""
    row = connection.execute(select(*_COLUMNS).order_by(rollouts.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _of(dict(row))


def _of(row: dict[str, Any]) -> Rollout:
    return Rollout(**row | {name: kind.model_validate_json(row[name]) for name, kind in _PARSED.items()})


def add(connection: Connection, **values: Any) -> None:
    """Write a rollout that begins, in the place of one that runs; `values` are fields of `Rollout`."""
    begins = {"running": 1, "step": 0, "counted": 0}
    connection.execute(insert(rollouts).values(**begins, **_written(values)))


def change(connection: Connection, seen: Rollout, **values: Any) -> None:
    """Change a rollout that runs, in the connection's transaction; `values` are fields of `Rollout`.

    Raises:
        Overtaken: If it is not as it was seen any more.
    """
    c = rollouts.c
    mine = update(rollouts).where(c.id == seen.id, c.step == seen.step, c.running == 1)
    if not connection.execute(mine.values(step=seen.step + 1, **_written(values))).rowcount:
        raise Overtaken


def end(connection: Connection, seen: Rollout, outcome: str, why: str, time: float, **values: Any) -> None:
    """End a rollout: `outcome` is promoted, rolled_back, or taken_over by whoever placed versions by hand.

    Raises:
        Overtaken: If it is not as it was seen any more.
    """
    change(connection, seen, running=None, outcome=outcome, why=why, ended=time, **values)


def hold_lease(engine: Engine, seen: Rollout, worker: str, now: float) -> bool:
    """Say whether a controller is the one that decides; it becomes that where no other one is, or was heard of."""
    c = rollouts.c
    until = seen.held_until or 0.0
    if seen.holder == worker and now + _RENEWED < until <= now + LEASE:
        return True
    if seen.holder not in (None, worker) and now < until <= now + LEASE:
        return False
    free = or_(c.holder.is_(None), c.holder == worker, c.held_until <= now, c.held_until > now + LEASE)
    taken = update(rollouts).where(c.id == seen.id, c.running == 1, free).values(holder=worker, held_until=now + LEASE)
    with engine.begin() as connection:
        return connection.execute(taken).rowcount == 1


def _written(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.model_dump_json() if name in _PARSED else value for name, value in values.items()}
