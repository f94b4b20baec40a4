"""One step of a rollout: evidence, decision, and what follows from it, all in one transaction.

Whoever takes it may die before or after any statement. Then the transaction is not there, and the next one takes the
same step, at the same request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from ml.rollouts.rollout import Decision, decide, entered, tried
from schemas.rollout_state import Position
from serving.journal.engine import begin_writing
from serving.releases import events as stream
from serving.releases.events import Entry, Event
from serving.releases.traffic import traffic
from serving.rollouts import reading, record
from serving.rollouts.evidence import Evidence, evidence
from serving.rollouts.reading import Part
from serving.rollouts.record import Overtaken, Rollout


@dataclass(frozen=True)
class Step:
    """What a step did: what is told of it (None: nothing that people need to know), and whether more waits."""

    told: str | None = None
    is_more: bool = False


def step(engine: Engine, rollout: Rollout, horizon: float, clock: Callable[[], float], by_key: bool) -> Step:
    """Take one step of a rollout that runs; the caller holds its lease.

    Args:
        engine: The journal.
        rollout: As it was read.
        horizon: Seconds within which a request's outcome is in the journal.
        clock: Seconds since the epoch.
        by_key: Whether of a key only the first request counts.
    """
    now = clock()
    with engine.connect() as connection:
        past = stream.read(connection)
        taken_over = why_over(past, rollout)
        if taken_over is None:
            part = reading.read(connection, rollout, horizon, now, by_key)
            seen = evidence(connection, rollout, part.rows, by_key)
            first = reading.first_tried(connection, rollout, horizon, part.until[0]) if by_key else None
            state = rollout.state if first is None else tried(rollout.state, first)
            decision = decide(rollout.spec, state, seen.observations, part.until[0])
            position = _position(connection, rollout, part, seen, decision)
    if taken_over is not None:
        return _ended_by_hand(engine, rollout, taken_over, now)
    is_more = part.is_more or decision.counted < len(seen.rows) or decision.action == "advance"
    is_told = decision.action != "go_on" or decision.why == rollout.why
    if is_told and decision.state == rollout.state and not part.rows and not _came_on(rollout.position, position, part):
        return Step(None, is_more)  # nothing happened
    if not _written(engine, rollout, past, decision, position, clock):
        return Step(None, True)
    return Step(_told(rollout, decision), is_more)


def _position(connection: Connection, rollout: Rollout, part: Part, seen: Evidence, decision: Decision) -> Position:
    """Return how far the journal is counted by a decision."""
    if decision.counted == len(seen.rows):
        return reading.after(connection, rollout.position, part.until)
    if not decision.counted:
        return rollout.position
    return reading.after(connection, rollout.position, seen.rows[decision.counted - 1].place)


def _came_on(before: Position, after: Position, part: Part) -> bool:
    """Say whether rows were passed that no later look needs to read: none of them may be evidence."""
    return after.low != before.low or (part.is_more and after != before)


def _written(
    engine: Engine,
    rollout: Rollout,
    past: Sequence[Event],
    decision: Decision,
    position: Position,
    clock: Callable[[], float],
) -> bool:
    """Write what follows from a decision, all or nothing; say whether nobody was faster.

    A stage is dated by when its share is placed, in the same transaction, and every worker routes by it.
    """
    entries = _entries(rollout, decision)
    try:
        with engine.begin() as connection:
            begin_writing(connection)  # for a moment: requests that are answered wait for the same lock
            if stream.last_sequence(connection) != past[-1].sequence:
                return False
            now = clock()
            if decision.action == "advance":
                decision = replace(decision, state=entered(decision.state, now + reading.FOLLOWED))
            changed = {"state": decision.state, "position": position, "counted": rollout.counted + decision.counted}
            if entries:
                stream.append_in(connection, entries, past)
            if decision.state.ended is None:
                record.change(connection, rollout, why=decision.why, **changed)
            else:
                outcome = "promoted" if decision.action == "promote" else "rolled_back"
                record.end(connection, rollout, outcome, decision.why, now, **changed)
    except (IntegrityError, Overtaken):
        return False
    return True


def why_over(past: Sequence[Event], rollout: Rollout) -> str | None:
    """Return who took over by hand, None while the candidate stands where the rollout has put it, and alone."""
    shared = traffic(past)
    stage = rollout.spec.stages[rollout.state.stage]
    if shared is None or shared.current.sequence != rollout.pointer:
        now = "nothing" if shared is None else f"version {shared.current.version}"
        why = "" if shared is None or shared.current.why is None else f": {shared.current.why}"
        return f"{now} came into production{why}"
    mine = shared.shadow if stage.traffic == 0 else shared.candidate
    if mine is None or mine.version != rollout.candidate or mine.weight != stage.traffic:
        event = next((one for one in reversed(past) if one.version == rollout.candidate and one.worker is None), None)
        return f"{event.state}: {event.why or 'by somebody else'}" if event is not None else "it is placed no more"
    other = next((one for one in shared.beside if one.version != rollout.candidate), None)
    if other is None:
        return None
    return f"version {other.version} became a {other.state}: {other.why or 'by somebody else'}"


def placed(rollout: Rollout, stage: int, why: str) -> Entry:
    """Return the entry that gives the candidate its place in a stage."""
    share = rollout.spec.stages[stage].traffic
    return Entry(rollout.candidate, rollout.package_url, "candidate" if share else "shadow", why, weight=share)


def _entries(rollout: Rollout, decision: Decision) -> list[Entry]:
    if decision.action == "advance":
        return [placed(rollout, decision.state.stage, f"rollout: {decision.why}")]
    if decision.action == "promote":
        why = f"promoted by its rollout: {decision.why}"
        return [Entry(rollout.candidate, rollout.package_url, "current", why, weight=1.0)]
    if decision.action == "roll_back":
        why = f"rolled back: {decision.why}"
        return [Entry(rollout.candidate, rollout.package_url, "withdrawn", why)]
    return []


def _ended_by_hand(engine: Engine, rollout: Rollout, why: str, now: float) -> Step:
    with engine.begin() as connection:
        _end(connection, rollout, why, now)
    return Step(f"the rollout of version {rollout.candidate} ended, somebody took over: {why}")


def _end(connection: Connection, rollout: Rollout, why: str, now: float) -> None:
    record.end(connection, rollout, "taken_over", why, now)


def _told(rollout: Rollout, decision: Decision) -> str | None:
    if decision.action == "go_on" or (decision.action == "hold" and rollout.state.held):
        return None
    done = {"advance": "goes on", "promote": "is in production", "roll_back": "is rolled back", "hold": "is held"}
    return f"version {rollout.candidate} {done[decision.action]}: {decision.why}"
