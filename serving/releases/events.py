"""The stream of releases: what was announced, what became of it, and which version is the current one.

Append-only; every event has the next sequence number, and that number is unique: two writers cannot both write after
the same last event, which makes an append that looked at the stream first a compare-and-swap.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from schemas.release import ReleaseState
from serving.journal.schema import releases, workers

_LONGEST_WHY = 2000
_ATTEMPTS = 100
ALIVE_FOR = 5.0  # seconds after its last heartbeat that a worker counts as alive


@dataclass(frozen=True)
class Event:
    """One entry of the stream; `worker` names who wrote it, None is a publisher."""

    sequence: int
    version: str
    package_url: str
    weight: float
    state: ReleaseState
    why: str | None
    worker: str | None
    time: float


@dataclass(frozen=True)
class Entry:
    """What is to be appended."""

    version: str
    package_url: str
    state: ReleaseState
    why: str | None = None
    worker: str | None = None
    weight: float = 0.0


def read(connection: Connection, after: int = 0) -> list[Event]:
    """Return the events past a sequence number, in order."""
    c = releases.c
    query = select(
        c.sequence, c.version, c.package_url, c.weight, c.state, c.why, c.worker, c.time
    ).where(c.sequence > after).order_by(c.sequence)  # fmt: skip
    return [Event(*row) for row in connection.execute(query)]


_LAST = select(func.max(releases.c.sequence))  # made once: workers ask twenty times a second


def last_sequence(connection: Connection) -> int:
    """Return the sequence number of the last event, 0 when there is none."""
    return int(connection.execute(_LAST).scalar() or 0)


def append(
    engine: Engine,
    decide: Callable[[list[Event]], Sequence[Entry]],
    also: Callable[[Connection], None] | None = None,
) -> list[Event]:
    """Append what `decide` answers to the stream as it is; when somebody else was faster, ask again.

    Args:
        engine: The journal.
        decide: Gets all events and returns the entries to append, all or none; an exception of its own appends nothing.
        also: What else is written in the same transaction.

    Returns:
        The appended events.
    """
    for _ in range(_ATTEMPTS):
        with engine.connect() as connection:
            past = read(connection)
        entries = decide(past)
        if not entries:
            return []
        try:
            with engine.begin() as connection:
                events = append_in(connection, entries, past)
                if also is not None:
                    also(connection)
        except IntegrityError:
            continue
        return events
    raise RuntimeError(f"{_ATTEMPTS} attempts to append to the releases all lost against other writers")


def append_in(connection: Connection, entries: Sequence[Entry], past: Sequence[Event]) -> list[Event]:
    """Append entries within the connection's transaction.

    Raises:
        IntegrityError: If `past` is not all that is there, now or at the commit.
    """
    events = _numbered(entries, past[-1].sequence if past else 0)
    connection.execute(insert(releases), [event.__dict__ for event in events])
    return events


def _numbered(entries: Iterable[Entry], last: int) -> list[Event]:
    now = time.time()
    return [
        Event(last + step, entry.version, entry.package_url, entry.weight, entry.state,
              entry.why[:_LONGEST_WHY] if entry.why else None, entry.worker, now)
        for step, entry in enumerate(entries, start=1)
    ]  # fmt: skip


def current(events: Iterable[Event]) -> Event | None:
    """Return the event that made the current version current."""
    return next((event for event in reversed(list(events)) if event.state == "current"), None)


def history(events: Iterable[Event]) -> list[Event]:
    """Return the versions that a rollback can walk back through, the current one last."""
    stack: list[Event] = []
    for event in events:
        if event.state == "retired":
            stack = [kept for kept in stack if not same(kept, event)]
        elif event.state == "current":
            came_back = bool(stack) and same(stack[-1], event)
            stack = [*(stack[:-1] if came_back else stack), event]
    return stack


def open_announcements(events: Sequence[Event]) -> list[Event]:
    """Return the announcements, of each package the last, of which no publisher has written what became of them."""
    found: dict[tuple[str, str], Event] = {}
    for event in events:
        key = (event.version, event.package_url)
        if event.state == "announced":
            found[key] = event
        elif event.worker is None:
            found.pop(key, None)
    return list(found.values())


def same(one: Event | Entry, other: Event | Entry) -> bool:
    """Say whether two entries are about the same package."""
    return (one.version, one.package_url) == (other.version, other.package_url)


def beat(engine: Engine, worker: str) -> None:
    """Note that a worker is alive."""
    now = time.time()
    with engine.begin() as connection:
        found = connection.execute(update(workers).where(workers.c.worker == worker).values(seen=now))
        if not found.rowcount:
            connection.execute(insert(workers).values(worker=worker, seen=now))
            connection.execute(delete(workers).where(workers.c.seen < now - 1000 * ALIVE_FOR))


def forget(engine: Engine, worker: str) -> None:
    """Note that a worker has stopped."""
    with engine.begin() as connection:
        connection.execute(delete(workers).where(workers.c.worker == worker))


def alive(connection: Connection) -> set[str]:
    """Return the workers with a recent heartbeat."""
    now = time.time()  # one that was seen in the future was seen before the clock was set
    query = select(workers.c.worker).where(workers.c.seen.between(now - ALIVE_FOR, now + ALIVE_FOR))
    return set(connection.execute(query).scalars())
