"""What operators do to a rollout that runs; who places versions by hand ends it, whichever command that is."""

import time
from collections.abc import Callable

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import IntegrityError

from ml.rollouts.rollout import hold, resume
from schemas.errors import DeploymentError
from serving.journal.opened import opened
from serving.journal.schema import rollouts
from serving.journal.tables import begin_writing
from serving.releases import events as stream
from serving.releases.events import Entry
from serving.rollouts import record
from serving.rollouts.record import Overtaken, Rollout
from serving.rollouts.steps import why_over

_ATTEMPTS = 20
_BETWEEN = 0.05  # seconds
_JUST = 300.0  # seconds


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


def just_rolled_back(journal_url: str) -> Rollout | None:
    """Return the rollout whose new version was taken away in the last minutes, None where production changed since.

    Who looked before that, and rolls back now, means the new version, and not the one in production.
    """
    found = latest(journal_url)
    if found is None or found.outcome != "rolled_back" or not 0 <= time.time() - (found.ended or 0.0) < _JUST:
        return None
    with opened(journal_url) as engine, engine.connect() as connection:
        pointer = stream.current(stream.read(connection))
    return found if pointer is not None and pointer.sequence == found.pointer else None


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
        why = "rolled back by an operator"
        entry = Entry(found.candidate, found.package_url, "withdrawn", why)
        stream.append_in(connection, [entry], stream.read(connection))
        record.end(connection, found, "rolled_back", why, time.time())

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
