"""The table of what a model was trained again for: each cause once, one at a time, and not soon after another.

A cause is claimed before anything is trained, in one transaction that sees all others. Whoever claims it holds a lease
and renews it; where the lease ends, or the process is known to be gone, the next one who comes with the same cause
goes on in its place, with the labels that it saw. A cause whose run failed may be claimed again, too.
"""

import time
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ml.io.process_identity import ProcessIdentity
from schemas.retraining import Cause, Taking
from schemas.timestamps import iso
from serving.journal.engine import begin_writing
from serving.journal.schema import retrainings

LEASE = 60.0  # seconds for which a run counts as alive after its last sign of life
Outcome = Literal["released", "refused", "failed"]
_LONGEST = 2_000  # characters of a text
_CLAIMING = 0x6472_7274  # any number that others do not lock
OVER = ("released", "refused")
"""What is never tried again; one that failed may be."""


@dataclass(frozen=True)
class Retraining:
    """One row; times are seconds since the epoch. `version` is what was registered, `said` what came of it."""

    id: int
    cause: str
    running: int | None
    step: int
    why: str
    last_label: int
    as_of: float
    holder: str | None
    held_until: float | None
    attempts: int
    started: float
    ended: float | None
    outcome: str | None
    version: str | None
    said: str | None


@dataclass(frozen=True)
class Claim:
    """A cause that is ours now, and what of the journal its run sees; `took_over`: from a run that died."""

    id: int
    holder: str
    taking: Taking
    took_over: bool = False


@dataclass(frozen=True)
class NotNow:
    """Why a cause is not acted on."""

    why: str


class _Another(Exception):
    """Somebody else was faster."""


_COLUMNS = [retrainings.c[name] for name in Retraining.__dataclass_fields__]


def all_of(connection: Connection) -> list[Retraining]:
    """Return every retraining, in the order in which their causes were claimed first."""
    rows = connection.execute(select(*_COLUMNS).order_by(retrainings.c.id)).mappings()
    return [Retraining(**dict(row)) for row in rows]


def claim(engine: Engine, cause: Cause, last_label: int, cool_down: float, holder: str) -> Claim | NotNow:
    """Claim a cause, or say why not.

    Args:
        engine: The journal.
        cause: What the model is to be trained again for.
        last_label: The newest label; a run that takes over keeps to the labels of the one that died.
        cool_down: Seconds after the end of another retraining in which none begins.
        holder: Who claims it, `ml.io.process_identity.ProcessIdentity` as JSON.

    Raises:
        SQLAlchemyError: If the journal cannot be written.
    """
    for _ in range(3):
        try:
            with engine.begin() as connection:
                begin_writing(connection)
                if connection.dialect.name == "postgresql":  # what is read stays true until the commit
                    connection.execute(select(func.pg_advisory_xact_lock(_CLAIMING)))
                return _claimed(connection, cause, last_label, cool_down, holder)
        except (IntegrityError, _Another):  # of databases that let two write: somebody else has it, look again
            continue
    return NotNow(f"another run claimed {cause.name} at the same moment")


def renew(engine: Engine, mine: Claim) -> bool:
    """Make a lease longer; return whether one still has it. Raises SQLAlchemyError."""
    query = update(retrainings).where(*_is(mine)).values(held_until=time.time() + LEASE)
    with engine.begin() as connection:
        return connection.execute(query).rowcount == 1


def note_version(engine: Engine, mine: Claim, version: str) -> bool:
    """Note which version was registered; return whether it is still ours. Raises SQLAlchemyError."""
    with engine.begin() as connection:
        return connection.execute(update(retrainings).where(*_is(mine)).values(version=version)).rowcount == 1


def end(engine: Engine, mine: Claim, outcome: Outcome, said: str) -> bool:
    """Note what came of it; return whether it was still ours. Raises SQLAlchemyError."""
    over = {"running": None, "holder": None, "held_until": None, "ended": time.time()}
    values = {**over, "outcome": outcome, "said": said[:_LONGEST]}
    with engine.begin() as connection:
        return connection.execute(update(retrainings).where(*_is(mine)).values(**values)).rowcount == 1


def _is(mine: Claim) -> tuple[Any, ...]:
    return retrainings.c.id == mine.id, retrainings.c.running == 1, retrainings.c.holder == mine.holder


def _claimed(connection: Connection, cause: Cause, last_label: int, cool_down: float, holder: str) -> Claim | NotNow:
    now, known = time.time(), all_of(connection)
    same = next((one for one in known if one.cause == cause.name), None)
    if same is not None and same.outcome in OVER:
        return NotNow(f"{cause.name} was acted on at {iso(same.started)}: {_became(same)}")
    running = next((one for one in known if one.running), None)
    if running is not None:
        if _lives(running, now):
            return NotNow(f"a retraining runs already, for {running.cause}, since {iso(running.started)}")
        if running.cause != cause.name:
            _give_up(connection, running, now)
    took_over = same is not None and bool(same.running)
    if not took_over and (last := _cooling(known, now, cool_down)) is not None:
        left = max(1, round(float(last.ended or now) + cool_down - now))
        return NotNow(f"the last retraining, for {last.cause}, ended at {iso(last.ended or now)}; {left:,} s of the "
                      f"cool-down of {cool_down:g} s are left")  # fmt: skip
    return _written(connection, cause, same, last_label, now, holder)


def _written(
    connection: Connection, cause: Cause, same: Retraining | None, last_label: int, now: float, holder: str
) -> Claim:
    held = {"running": 1, "holder": holder, "held_until": now + LEASE}
    if same is None:
        begun = {"last_label": last_label, "as_of": now, "started": now, "attempts": 1, "step": 0}
        row = {"cause": cause.name, "why": cause.why[:_LONGEST], **held, **begun}
        number = connection.execute(insert(retrainings).values(row)).inserted_primary_key
        assert number is not None, "a number is given to every row"
        return Claim(int(number[0]), holder, Taking(cause=cause, last_label=last_label, as_of=now))
    again = {"step": same.step + 1, "attempts": same.attempts + 1, "version": None}
    over = {"ended": None, "outcome": None, "said": None}
    mine = update(retrainings).where(retrainings.c.id == same.id, retrainings.c.step == same.step)
    if not connection.execute(mine.values(**held, **again, **over)).rowcount:
        raise _Another
    taking = Taking(cause=cause, last_label=same.last_label, as_of=same.as_of)
    return Claim(same.id, holder, taking, took_over=bool(same.running))


def _give_up(connection: Connection, dead: Retraining, now: float) -> None:
    """Let a run that died count as failed, so that another cause may go on; its own may be claimed again."""
    over = {"running": None, "holder": None, "held_until": None, "ended": dead.held_until or now, "outcome": "failed"}
    mine = update(retrainings).where(retrainings.c.id == dead.id, retrainings.c.step == dead.step)
    said = "its process was heard of no more"
    if not connection.execute(mine.values(**over, said=said, step=dead.step + 1)).rowcount:
        raise _Another


def _lives(one: Retraining, now: float) -> bool:
    try:
        fate = ProcessIdentity.model_validate_json(one.holder or "").fate
    except ValidationError:
        fate = "unknown"
    if fate == "gone":
        return False
    until = one.held_until or 0.0
    return fate == "alive" or now < until <= now + 10 * LEASE  # a clock may have been set back


def _cooling(known: list[Retraining], now: float, cool_down: float) -> Retraining | None:
    """Return the retraining whose cool-down lasts, if one does; a clock that was set back makes it no longer."""
    ended = [one for one in known if one.ended is not None and abs(now - one.ended) < cool_down]
    return max(ended, key=lambda one: one.ended or 0.0, default=None)


def _became(one: Retraining) -> str:
    version = f"version {one.version} " if one.version else ""
    return f"{version}{one.outcome}"
