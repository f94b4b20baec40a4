"""Requests that the journal did not hear of, answered or not, under the policy `drop`, until it takes them."""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, select

from serving.journal.insertion import Request, RoutedKey, Row, Unanswered
from serving.journal.schema import requests
from serving.journal.waiting import Entry

HELD = (Request, Unanswered, RoutedKey)
"""What is held; nobody misses what a shadow would have said, and who sends a label hears that it was not taken."""
_AGAIN = 0.5  # seconds between two attempts


class Held:
    """What waits for the journal to come back, in order, and when it is tried again."""

    def __init__(self) -> None:
        self.why: str | None = None  # the journal takes nothing, None while it does
        self._entries: list[Entry] = []
        self._unsure: set[int] = set()  # by identity
        self._failed = 0.0  # time.monotonic

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_due(self) -> bool:
        """Whether the journal is to be tried (again)."""
        return self.why is None or time.monotonic() >= self._failed + _AGAIN

    def keep(self, entries: Sequence[Entry], *, unsure: bool) -> None:
        """Hold more entries, behind the others; `unsure`: they may be in the journal."""
        self._entries.extend(entries)
        if unsure:
            self._unsure.update(map(id, entries))

    @property
    def unsure(self) -> frozenset[int]:
        """Those that may be in the journal, by identity."""
        return frozenset(self._unsure)

    def failed(self, why: str, unsure: Sequence[Entry] = ()) -> None:
        """Note that the journal takes nothing; `unsure`: of what is held, what may be in it."""
        self.why, self._failed = why, time.monotonic()
        self._unsure.update(map(id, unsure))

    def came_back(self) -> None:
        """Note that it takes what is written."""
        self.why = None

    def first(self, most: int) -> list[Entry]:
        """Return the oldest entries."""
        return self._entries[:most]

    def drop(self, count: int) -> list[Entry]:
        """Hold so many of the oldest no longer; return them."""
        done, self._entries = self._entries[:count], self._entries[count:]
        self._unsure.difference_update(map(id, done))
        return done


def missing(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """Return rows less the requests that are in the journal: a commit that was cut off may have come through.

    What else is held is written once in any case.
    """
    sent = [row.request_id for row in rows if type(row) is Request]
    known = set(connection.execute(select(requests.c.request_id).where(requests.c.request_id.in_(sent))).scalars())
    return [row for row in rows if type(row) is not Request or row.request_id not in known]
