"""What an answer was given to and the journal has not: counted while it takes nothing, written as soon as it does.

A count is written under a key of its own, so that one whose commit was cut off is not written twice.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from serving.journal.insertion import Request
from serving.journal.loss import Loss, Reason
from serving.journal.owed import Owed
from serving.journal.schema import losses

Gone = Callable[[], Literal["damaged", "removed"] | None]
"""Says what became of a journal that must not be written to any more; None while it may be."""
_SPAN = 60.0  # seconds of one count
logger = logging.getLogger("bentoml.drivetrain")


_Place = tuple[str, Reason, int]
"""Version, reason, and the minute since the epoch."""


class Losses:
    """Counts what is lost, from any thread.

    Args:
        owed: Where the counts are noted meanwhile.
    """

    def __init__(self, owed: Owed | None = None) -> None:
        self.requests: Counter[tuple[str, Reason]] = Counter()
        self.rows: Counter[tuple[str, Reason]] = Counter()
        self._owed = owed or Owed()
        self._lock = threading.Lock()
        self._open: dict[_Place, tuple[str, Loss]] = {}  # with their keys
        self._sealed: Mapping[str, Loss] = {}  # by key; what was tried to be written, and may have been
        self._was_tried = False

    def add(self, request: Request, reason: Reason, *, waits: bool = False) -> None:
        """Count one request; `waits`: its answer may still wait for its commit."""
        with self._lock:
            self.requests[request.version, reason] += 1
            self.rows[request.version, reason] += request.rows
            place = self._place(request, reason)
            empty = Loss(request.time, request.time, request.version, 0, 0, reason)
            key, (since, until, _, count, rows, _) = self._open.get(place) or (uuid4().hex, empty)
            since, until = min(since, request.time), max(until, request.time)
            loss = Loss(since, until, request.version, count + 1, rows + request.rows, reason)
            self._open[place] = (key, loss)
            self._owed.count(key, loss, request, waits=waits)

    def add_killed(self, loss: Loss) -> None:
        """Add to the totals what a worker before held; it is in the journal."""
        self.requests[loss.version, "killed"] += loss.requests
        self.rows[loss.version, "killed"] += loss.rows

    def _place(self, request: Request, reason: Reason) -> _Place:
        """Return where a request is counted: with its minute, or what came before where there is no room for more."""
        place = (request.version, reason, int(request.time // _SPAN))
        if place in self._open:
            return place
        last = next((one for one in reversed(self._open) if one[:2] == place[:2]), None)
        return place if last is None or self._owed.has_room else last

    @property
    def are_pending(self) -> bool:
        """Whether some are not in the journal yet."""
        return bool(self._open or self._sealed)

    def pending(self) -> tuple[int, int]:
        """Return how many requests, and rows of them, the journal has not been told of."""
        with self._lock:
            found = [*(loss for _, loss in self._open.values()), *self._sealed.values()]
        return sum(one.requests for one in found), sum(one.rows for one in found)

    def say(self, *, is_kept: bool) -> None:
        """Log how much that is at the end; `is_kept`: whether the next worker hears of it."""
        requests, rows = self.pending()
        if requests:
            later = ": the next worker counts them" if is_kept else ""
            text = "%d answered requests (%d rows) are neither in the journal nor counted in it%s"
            logger.error(text, requests, rows, later)
        if self._owed.left:
            text = (
                "%d answered requests may not be in the journal: the next worker looks, and counts those that are not"
            )
            logger.error(text, self._owed.left)

    def write(self, connection: Connection) -> None:
        """Write what is pending within the connection's transaction; once that is committed, call `written`."""
        if not self._sealed:
            with self._lock:
                self._sealed, self._open = dict(self._open.values()), {}
        known: set[str] = set()
        if self._was_tried:  # and its commit may have come through
            known = set(connection.execute(select(losses.c.key).where(losses.c.key.in_(list(self._sealed)))).scalars())
        self._was_tried = True
        fresh = [{"key": key, **one._asdict()} for key, one in self._sealed.items() if key not in known]
        if fresh:
            connection.execute(insert(losses), fresh)

    def written(self) -> None:
        """Note that what `write` wrote is committed."""
        self._owed.written(self._sealed)
        self._sealed, self._was_tried = {}, False
