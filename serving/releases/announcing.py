"""The way by which a version comes to the workers of a service: announced, loaded and proven by each, then placed."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine

from schemas.errors import DeploymentError
from serving.releases import events as stream
from serving.releases.events import Entry, Event

_POLL = 0.02
Then = Callable[[Sequence[Event], Event], list[Entry]]


def announce(
    engine: Engine,
    announcement: Entry,
    timeout: float,
    then: Then,
    also: Callable[[Connection], None] | None = None,
) -> None:
    """Announce a version, and once every worker has it append what `then` says of the events and the announcement.

    `also` is what else is written in the same transaction.
    """
    (announced,) = stream.append(engine, lambda _past: [announcement])
    try:
        _await_workers(engine, announced, timeout)
        stream.append(engine, lambda past: then(past, announced), also)
    except DeploymentError as error:
        _give_up(engine, announced, str(error))
        raise
    except BaseException as error:  # interrupted: no worker is left waiting for what comes no more
        _give_up(engine, announced, f"interrupted ({type(error).__name__})")
        raise


def _give_up(engine: Engine, announced: Event, why: str) -> None:
    failed = Entry(announced.version, announced.package_url, "failed", why)
    stream.append(engine, lambda _past: [failed])


def _await_workers(engine: Engine, announced: Event, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        with engine.connect() as connection:
            replies = stream.read(connection, after=announced.sequence)
            living = stream.alive(connection)
        replied = {event.worker: event for event in replies if event.worker and stream.same(event, announced)}
        for event in replied.values():
            if event.state == "failed":
                raise DeploymentError(f"Version {announced.version} was not published: {event.why}")
        if living and living <= set(replied):
            return
        if time.monotonic() > deadline:
            missing = (
                "no worker of the service is alive" if not living else "not every worker of the service has loaded it"
            )
            raise DeploymentError(f"Version {announced.version} was not published: {missing} after {timeout:g} seconds")
        time.sleep(_POLL)


def require_pointer(past: Sequence[Event], announced: Event, expected: Event | None) -> Event | None:
    """Return what is in production. Raises DeploymentError when that is not what was at the announcement."""
    pointer = stream.current(past)
    if (pointer and pointer.sequence) != (expected and expected.sequence):
        now = pointer.version if pointer else "none"
        raise DeploymentError(f"Version {announced.version} was not published: {now} became current meanwhile")
    return pointer
