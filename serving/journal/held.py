"""Requests that the journal did not hear of, answered or not, under the policy `drop`, until it takes them."""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, select

from serving.journal.insertion import Request, RoutedKey, Row, Unanswered
from serving.journal.schema import requests, unanswered
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
    """Return rows less those that are in the journal: a commit that was cut off may have come through."""
    r, u = requests.c, unanswered.c
    answered = select(r.request_id).where(r.request_id.in_(_ids(rows, Request)))
    refused = select(u.request_id, u.status).where(u.request_id.in_(_ids(rows, Unanswered)))
    known: set[object] = set(connection.execute(answered).scalars())
    known |= {tuple(row) for row in connection.execute(refused)}
    return [row for row in rows if _identity(row) not in known]


def _ids(rows: Sequence[Row], kind: type[Row]) -> list[str]:
    return [row.request_id for row in rows if type(row) is kind]


def _identity(row: Row) -> object:
    """Return what a row is known by; keys are written once in any case."""
    if isinstance(row, Unanswered):
        return (row.request_id, row.status)
    return row.request_id if isinstance(row, Request) else None
