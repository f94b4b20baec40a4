"""What operators do to a rollout that runs; who places versions by hand ends it, whichever command that is."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import IntegrityError

from ml.rollouts.rollout import hold, resume
from schemas.errors import DeploymentError
from serving.journal.engine import begin_writing
from serving.journal.opened import opened
from serving.journal.schema import rollouts
from serving.releases import events as stream
from serving.releases.events import Entry, Event
from serving.releases.traffic import traffic
from serving.rollouts import record
from serving.rollouts.record import Overtaken, Rollout
from serving.rollouts.steps import why_over

_ATTEMPTS = 20
_BETWEEN = 0.05  # seconds
_JUST = 300.0  # seconds
BY_AN_OPERATOR = "rolled back by an operator"


class Gone(NamedTuple):
    """A rollout whose new version was taken away: when, in seconds since the epoch, and why."""

    rollout: Rollout
    time: float
    why: str


def running(journal_url: str) -> Rollout | None:
    """Return the rollout that runs, None where none does."""
    with opened(journal_url) as engine, engine.connect() as connection:
        found = record.running(connection) if _has_table(connection) else None
        while found is not None:
            past = stream.read(connection)
            again = record.running(connection)  # a step between the two would look as if somebody had taken over
            if again is not None and again.step == found.step:
                return found if why_over(past, found) is None else None
            found = again
    return None


def latest(journal_url: str) -> Rollout | None:
    """Return the rollout that began last, None where none ever did."""
    with opened(journal_url) as engine, engine.connect() as connection:
        return record.last(connection) if _has_table(connection) else None


def take_away(journal_url: str) -> Rollout | None:
    """Withdraw the new version of the newest rollout that stands where somebody took over; None where it does not.

    What is in production stays, and what somebody else placed beside it.
    """
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            found = record.last(connection) if _has_table(connection) else None
        if found is None:
            return None
        events = stream.append(engine, lambda past: _withdrawn(past, found))
        return found if events else None


def just_gone(journal_url: str) -> Gone | None:
    """Return the new version that was taken away in the last minutes, None where production changed since.

    Who looked before that, and rolls back now, means the new version, and not the one in production.
    """
    found = latest(journal_url)
    if found is None:
        return None
    with opened(journal_url) as engine, engine.connect() as connection:
        past = stream.read(connection)
    pointer, event = stream.current(past), _last_of(past, found.candidate)
    if pointer is None or pointer.sequence != found.pointer:
        return None
    gone = []
    if found.outcome == "rolled_back":
        gone.append(Gone(found, found.ended or 0.0, found.why))
    if event is not None and event.state == "withdrawn" and event.sequence > found.pointer:
        gone.append(Gone(found, event.time, event.why or found.why))
    return next((one for one in gone if 0 <= time.time() - one.time < _JUST), None)


def _withdrawn(past: Sequence[Event], found: Rollout) -> list[Entry]:
    """Return what takes a rollout's version away if it stands beside what was in production then, or nothing."""
    shared = traffic(past)
    if shared is None or shared.current.sequence != found.pointer:
        return []
    mine = [one for one in shared.beside if one.version == found.candidate]
    return [Entry(one.version, one.package_url, "withdrawn", BY_AN_OPERATOR) for one in mine]


def _last_of(past: Sequence[Event], version: str) -> Event | None:
    return next((one for one in reversed(past) if one.version == version and one.worker is None), None)


def pause(journal_url: str, version: str | None = None) -> str:
    """Keep a rollout in its stage until it is resumed, and return the version; evidence still rolls it back.

    Raises:
        DeploymentError: If none runs, somebody took over, or it is not of this version, or held already.
    """

    def held(connection: Connection, found: Rollout) -> None:
        if found.state.held:
            raise DeploymentError(f"The rollout of version {found.candidate} is held already: {found.why}")
        record.change(connection, found, state=hold(found.state), why=f"paused by an operator; {found.why}")

    return _changed(journal_url, version, held)


def go_on(journal_url: str, version: str | None = None) -> str:
    """Let a rollout that is held go on, its stage beginning anew, and return the version.

    Raises:
        DeploymentError: If none runs, somebody took over, or it is not of this version, or not held.
    """

    def resumed(connection: Connection, found: Rollout) -> None:
        if not found.state.held:
            raise DeploymentError(f"The rollout of version {found.candidate} is not held: {found.why}")
        record.change(connection, found, state=resume(found.state, time.time()), why="resumed by an operator")

    return _changed(journal_url, version, resumed)


def roll_back(journal_url: str, version: str | None = None) -> str:
    """Take the new version of a rollout away again, and return it; what is in production stays.

    Raises:
        DeploymentError: If none runs, somebody took over, or it is not of this version.
    """

    def withdrawn(connection: Connection, found: Rollout) -> None:
        entry = Entry(found.candidate, found.package_url, "withdrawn", BY_AN_OPERATOR)
        stream.append_in(connection, [entry], stream.read(connection))
        record.end(connection, found, "rolled_back", BY_AN_OPERATOR, time.time())

    return _changed(journal_url, version, withdrawn)


def _changed(journal_url: str, version: str | None, change: Callable[[Connection, Rollout], None]) -> str:
    """Change a rollout; its controller may be faster, and then it is looked at anew."""
    with opened(journal_url) as engine:
        for _ in range(_ATTEMPTS):
            try:
                with engine.begin() as connection:
                    begin_writing(connection)
                    found = _required(connection, version)
                    change(connection, found)
                return found.candidate
            except (Overtaken, IntegrityError):
                time.sleep(_BETWEEN)
    raise DeploymentError("The rollout changes too fast; try again")


def _has_table(connection: Connection) -> bool:
    """Say whether the journal may have rollouts: one of a service of earlier code lacks the table."""
    return inspect(connection).has_table(rollouts.name)


def _required(connection: Connection, version: str | None) -> Rollout:
    """Return the rollout that runs, and whose controller would not end it with its next look."""
    found = record.running(connection)
    if found is None:
        raise DeploymentError("No rollout runs")
    if version not in (None, found.candidate):
        raise DeploymentError(f"No rollout of version {version} runs; that of version {found.candidate} does")
    over = why_over(stream.read(connection), found)
    if over is not None:
        raise DeploymentError(f"The rollout of version {found.candidate} is over, somebody took over: {over}")
    return found
