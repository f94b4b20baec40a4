"""The publisher's side: announce a version, wait for the workers, move the pointer."""

from collections.abc import Sequence
from functools import partial

from schemas.errors import DeploymentError
from schemas.release import Release
from serving.journal.opened import opened
from serving.journal.tables import exists
from serving.releases import events as stream
from serving.releases.announcing import announce, require_pointer
from serving.releases.events import Entry, Event
from serving.releases.overview import overview_in
from serving.releases.traffic import traffic


def publish(
    journal_url: str, version: str, package_url: str, *, why: str | None = None, timeout: float = 120.0
) -> list[Release]:
    """Make a version the current one, once every living worker has it loaded and checked.

    `why` is what the releases say of it.

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
            announcement = Entry(version, package_url, "announced")
            moved = partial(_move, expected=pointer, retire=False, why=why)
            announce(engine, announcement, timeout, moved)
        return overview_in(engine)


def current_release(journal_url: str) -> Event | None:
    """Return the event that made the version in production current; None before the first deployment."""
    if not exists(journal_url):
        return None
    with opened(journal_url) as engine, engine.connect() as connection:
        return stream.current(stream.read(connection))


def restorable(journal_url: str) -> list[str]:
    """Return the versions that answer or follow, and the one that a rollback makes current again."""
    with opened(journal_url) as engine, engine.connect() as connection:
        past = stream.read(connection)
    shared = traffic(past)
    beside = [] if shared is None else shared.beside
    return [event.version for event in [*stream.history(past)[-2:], *beside]]


def rollback(journal_url: str, *, timeout: float = 120.0) -> Release:
    """Make the version before the current one current again. Raises DeploymentError if there is none, or it fails."""
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            past = stream.history(stream.read(connection))
        if len(past) < 2:
            raise DeploymentError("There is no earlier version to go back to")
        before, pointer = past[-2:]
        back = Entry(before.version, before.package_url, "announced", "rollback")
        announce(engine, back, timeout, partial(_move, expected=pointer, retire=True))
        return overview_in(engine)[0]


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
        return overview_in(engine)


def _cut_off(announced: Event) -> Entry:
    why = "the process that published it is gone"
    return Entry(announced.version, announced.package_url, "failed", why)


def _move(
    past: Sequence[Event], announced: Event, expected: Event | None, retire: bool, why: str | None = None
) -> list[Entry]:
    """Return the entries that move the pointer, if it still is where it was at the announcement."""
    pointer = require_pointer(past, announced, expected)
    why = f"rolled back from {pointer.version}" if retire and pointer else why
    moved = Entry(announced.version, announced.package_url, "current", why, weight=1.0)
    if not (retire and pointer):
        return [moved]
    return [Entry(pointer.version, pointer.package_url, "retired", f"rolled back to {announced.version}"), moved]
