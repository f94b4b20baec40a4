"""The publisher's side: announce a version, wait for the workers, move the pointer."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Engine

from schemas.errors import DeploymentError, did_you_mean
from schemas.release import Release
from serving.journal.opened import opened
from serving.journal.tables import exists
from serving.releases import events as stream
from serving.releases.events import Entry, Event
from serving.releases.overview import overview
from serving.releases.traffic import traffic

_POLL = 0.02
LEAST_SHARE, MOST_SHARE = 0.0001, 0.99
"""Of the requests that a candidate may answer: what is in production answers some, too."""
_Then = Callable[[Sequence[Event], Event], list[Entry]]


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
            _publish(engine, announcement, timeout, moved)
        return _overview(engine)


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
        _publish(engine, back, timeout, partial(_move, expected=pointer, retire=True))
        return _overview(engine)[0]


def place_beside(
    journal_url: str,
    version: str,
    package_url: str,
    *,
    share: float | None,
    why: str | None = None,
    timeout: float = 120.0,
) -> list[Release]:
    """Let a version answer a share of the requests beside the one in production, or follow it unseen.

    What has this role before is withdrawn.

    Args:
        journal_url: The model's journal.
        version: The version; one that is there already gets another share.
        package_url: Where its package is.
        share: Of the requests, from `LEAST_SHARE` to `MOST_SHARE`; None: it is a shadow.
        why: What the releases say of it.
        timeout: Seconds until every worker must have loaded it.

    Returns:
        All versions, the current one first.

    Raises:
        DeploymentError: If there is none in production or it is this one, the share is none, another version came
            into production meanwhile, or a worker could not load it.
    """
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            pointer = stream.current(stream.read(connection))
        placed = Entry(version, package_url, "shadow" if share is None else "candidate", why, weight=share or 0.0)

        def then(past: Sequence[Event], announced: Event) -> list[Entry]:
            _require_pointer(past, announced, pointer)
            return _placed(past, placed)

        with engine.connect() as connection:
            _placed(stream.read(connection), placed)  # what cannot be is said before anything is loaded
        _publish(engine, Entry(version, package_url, "announced"), timeout, then)
        return _overview(engine)


def withdraw(journal_url: str, version: str, why: str | None = None) -> list[Release]:
    """End the share of a candidate, or a shadow, and return all versions.

    Raises:
        DeploymentError: If the version is neither.
    """
    with opened(journal_url) as engine:
        stream.append(engine, lambda past: [_withdrawn(past, version, why)])
        return _overview(engine)


def package_of(journal_url: str, version: str) -> str:
    """Return where the package of a version is that was announced before. Raises DeploymentError."""
    with opened(journal_url) as engine, engine.connect() as connection:
        known = {event.version: event.package_url for event in stream.read(connection)}
    if version not in known:
        have = f"It knows {', '.join(known)}" if known else "It knows none"
        raise DeploymentError(f"The journal knows no version {version!r}.{did_you_mean(version, list(known))} {have}")
    return known[version]


def _placed(past: Sequence[Event], placed: Entry) -> list[Entry]:
    """Return the entries that put a version beside the one in production, in the place of what has its role.

    Raises:
        DeploymentError: If it may not be there.
    """
    shared = traffic(past)
    if shared is None:
        raise DeploymentError(f"Version {placed.version} has nothing to stand beside: no version is in production")
    if shared.current.version == placed.version:
        raise DeploymentError(f"Version {placed.version} is in production; it cannot stand beside itself")
    if placed.state == "candidate" and not LEAST_SHARE <= placed.weight <= MOST_SHARE:
        bounds = f"{LEAST_SHARE:g} to {MOST_SHARE:g}"
        raise DeploymentError(f"The share of a candidate must be {bounds} of the requests, not {placed.weight:g}")
    before = shared.candidate if placed.state == "candidate" else shared.shadow
    if before is None or before.version == placed.version:
        return [placed]
    return [Entry(before.version, before.package_url, "withdrawn", f"replaced by {placed.version}"), placed]


def _withdrawn(past: Sequence[Event], version: str, why: str | None) -> Entry:
    shared = traffic(past)
    beside = [] if shared is None else shared.beside
    found = next((one for one in beside if one.version == version), None)
    if found is None:
        have = f"that is {' and '.join(one.version for one in beside)}" if beside else "there is none"
        raise DeploymentError(f"Version {version} is neither a candidate nor a shadow; {have}")
    return Entry(found.version, found.package_url, "withdrawn", why)


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
        return overview(stream.read(connection))


def _publish(engine: Engine, announcement: Entry, timeout: float, then: _Then) -> None:
    """Announce a version, and once every worker has it append what `then` says of the events and the announcement."""
    (announced,) = stream.append(engine, lambda _past: [announcement])
    try:
        _await_workers(engine, announced, timeout)
        stream.append(engine, lambda past: then(past, announced))
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


def _move(
    past: Sequence[Event], announced: Event, expected: Event | None, retire: bool, why: str | None = None
) -> list[Entry]:
    """Return the entries that move the pointer, if it still is where it was at the announcement."""
    pointer = _require_pointer(past, announced, expected)
    why = f"rolled back from {pointer.version}" if retire and pointer else why
    moved = Entry(announced.version, announced.package_url, "current", why, weight=1.0)
    if not (retire and pointer):
        return [moved]
    return [Entry(pointer.version, pointer.package_url, "retired", f"rolled back to {announced.version}"), moved]


def _require_pointer(past: Sequence[Event], announced: Event, expected: Event | None) -> Event | None:
    """Return what is in production. Raises DeploymentError when that is not what was at the announcement."""
    pointer = stream.current(past)
    if (pointer and pointer.sequence) != (expected and expected.sequence):
        now = pointer.version if pointer else "none"
        raise DeploymentError(f"Version {announced.version} was not published: {now} became current meanwhile")
    return pointer
