"""The publisher's side: announce a version, wait for the workers, move the pointer."""

import time
from collections.abc import Sequence

from sqlalchemy import Engine

from schemas.errors import DeploymentError
from schemas.release import Release
from serving.journal.opened import opened
from serving.journal.tables import exists
from serving.releases import events as stream
from serving.releases.events import Entry, Event

_POLL = 0.02


def publish(journal_url: str, version: str, package_url: str, *, timeout: float = 120.0) -> list[Release]:
    """Make a version the current one, once every living worker has it loaded and checked.

    Returns:
        All versions, the current one first.

    Raises:
        DeploymentError: If a worker could not load it, none lives, they take longer than `timeout` seconds, or another
            version became current meanwhile; the old version goes on.
    """
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            pointer = stream.current(stream.read(connection))
        if pointer is None or (pointer.version, pointer.package_url) != (version, package_url):
            _publish(engine, Entry(version, package_url, "announced"), pointer, timeout, retire=False)
        return _overview(engine)


def current_release(journal_url: str) -> Event | None:
    """Return the event that made the version in production current; None before the first deployment."""
    if not exists(journal_url):
        return None
    with opened(journal_url) as engine, engine.connect() as connection:
        return stream.current(stream.read(connection))


def rollback(journal_url: str, *, timeout: float = 120.0) -> Release:
    """Make the version before the current one current again. Raises DeploymentError if there is none, or it fails."""
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            past = stream.history(stream.read(connection))
        if len(past) < 2:
            raise DeploymentError("There is no earlier version to go back to")
        before, pointer = past[-2:]
        back = Entry(before.version, before.package_url, "announced", "rollback")
        _publish(engine, back, pointer, timeout, retire=True)
        return _overview(engine)[0]


def close_open(journal_url: str) -> Event | None:
    """Mark announcements that nobody waits for any more as failed; return the event of the version in production.

    The caller holds the lock of the name, so that no publisher lives.
    """
    with opened(journal_url) as engine:
        stream.append(engine, lambda past: [_cut_off(event) for event in stream.open_announcements(past)])
        with engine.connect() as connection:
            return stream.current(stream.read(connection))


def releases(journal_url: str) -> list[Release]:
    """Return all versions, the current one first. Raises DeploymentError if there is no journal."""
    with opened(journal_url) as engine:
        return _overview(engine)


def _overview(engine: Engine) -> list[Release]:
    with engine.connect() as connection:
        return stream.overview(stream.read(connection))


def _publish(engine: Engine, announcement: Entry, pointer: Event | None, timeout: float, retire: bool) -> None:
    (announced,) = stream.append(engine, lambda _past: [announcement])
    try:
        _await_workers(engine, announced, timeout)
        stream.append(engine, lambda past: _move(past, announced, pointer, retire))
    except DeploymentError as error:
        _give_up(engine, announced, str(error))
        raise
    except BaseException as error:  # interrupted: no worker is left waiting for what comes no more
        _give_up(engine, announced, f"interrupted ({type(error).__name__})")
        raise


def _give_up(engine: Engine, announced: Event, why: str) -> None:
    failed = Entry(announced.version, announced.package_url, "failed", why)
    stream.append(engine, lambda _past: [failed])


def _cut_off(announced: Event) -> Entry:
    why = "the process that published it is gone"
    return Entry(announced.version, announced.package_url, "failed", why)


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


def _move(past: Sequence[Event], announced: Event, expected: Event | None, retire: bool) -> list[Entry]:
    """Return the entries that move the pointer, if it still is where it was at the announcement."""
    pointer = stream.current(past)
    if (pointer and pointer.sequence) != (expected and expected.sequence):
        now = pointer.version if pointer else "none"
        raise DeploymentError(f"Version {announced.version} was not published: {now} became current meanwhile")
    why = f"rolled back from {pointer.version}" if retire and pointer else None
    moved = Entry(announced.version, announced.package_url, "current", why, weight=1.0)
    if not (retire and pointer):
        return [moved]
    return [Entry(pointer.version, pointer.package_url, "retired", f"rolled back to {announced.version}"), moved]
