"""What an answer was given to and the journal has not: counted while it takes nothing, written as soon as it does.

A count is written under a key of its own, so that one whose commit was cut off is not written twice.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, get_args
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from serving.journal.insertion import Request
from serving.journal.schema import losses

Reason = Literal["full", "refused", "damaged", "removed", "closed"]
"""`full`: too much waited already; `refused`: the database does not take such a row; `damaged`, `removed`: that is what
became of the journal's file; `closed`: the service ended before the journal came back.
"""
REASONS: tuple[Reason, ...] = get_args(Reason)
Gone = Callable[[], Literal["damaged", "removed"] | None]
"""Says what became of a journal that must not be written to any more; None while it may be."""
_SPAN = 60.0  # seconds of one count


class Loss(NamedTuple):
    """Requests of one version that are not in the journal; the times are those of the first and the last answer."""

    since: float
    until: float
    version: str
    requests: int
    rows: int
    reason: str


class Losses:
    """Counts what is lost, from any thread."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, Reason]] = Counter()
        self.rows: Counter[tuple[str, Reason]] = Counter()
        self._lock = threading.Lock()
        self._open: dict[tuple[str, Reason, int], Loss] = {}
        self._sealed: Mapping[str, Loss] = {}  # by key; what was tried to be written, and may have been
        self._was_tried = False

    def add(self, request: Request, reason: Reason) -> None:
        """Count one request."""
        key = (request.version, reason, int(request.time // _SPAN))
        with self._lock:
            self.requests[request.version, reason] += 1
            self.rows[request.version, reason] += request.rows
            since, until, _, count, rows, _ = self._open.get(
                key, Loss(request.time, request.time, request.version, 0, 0, reason)
            )
            since, until = min(since, request.time), max(until, request.time)
            self._open[key] = Loss(since, until, request.version, count + 1, rows + request.rows, reason)

    @property
    def are_pending(self) -> bool:
        """Whether some are not in the journal yet."""
        return bool(self._open or self._sealed)

    def pending(self) -> tuple[int, int]:
        """Return how many requests, and rows of them, the journal has not been told of."""
        with self._lock:
            found = [*self._open.values(), *self._sealed.values()]
        return sum(one.requests for one in found), sum(one.rows for one in found)

    def write(self, connection: Connection) -> None:
        """Write what is pending within the connection's transaction; once that is committed, call `written`."""
        if not self._sealed:
            with self._lock:
                self._sealed, self._open = {uuid4().hex: one for one in self._open.values()}, {}
        known: set[str] = set()
        if self._was_tried:  # and its commit may have come through
            known = set(connection.execute(select(losses.c.key).where(losses.c.key.in_(list(self._sealed)))).scalars())
        self._was_tried = True
        fresh = [{"key": key, **one._asdict()} for key, one in self._sealed.items() if key not in known]
        if fresh:
            connection.execute(insert(losses), fresh)

    def written(self) -> None:
        """Note that what `write` wrote is committed."""
        self._sealed, self._was_tried = {}, False
