"""Requests that were answered without the journal, under the policy `drop`, until it takes them."""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, select

from serving.journal.insertion import Request
from serving.journal.schema import requests
from serving.journal.waiting import Entry

_AGAIN = 0.5  # seconds between two attempts


class Held:
    """What waits for the journal to come back, in order, and when it is tried again."""

    def __init__(self) -> None:
        self.why: str | None = None  # the journal takes nothing, None while it does
        self._entries: list[Entry] = []
        self._failed = 0.0  # time.monotonic

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_due(self) -> bool:
        """Whether the journal is to be tried (again)."""
        return self.why is None or time.monotonic() >= self._failed + _AGAIN

    def keep(self, entries: Sequence[Entry]) -> None:
        """Hold more entries, behind the others."""
        self._entries.extend(entries)

    def failed(self, why: str) -> None:
        """Note that the journal takes nothing."""
        self.why, self._failed = why, time.monotonic()

    def came_back(self) -> None:
        """Note that it takes what is written."""
        self.why = None

    def first(self, most: int) -> list[Entry]:
        """Return the oldest entries."""
        return self._entries[:most]

    def drop(self, count: int) -> list[Entry]:
        """Hold so many of the oldest no longer; return them."""
        done, self._entries = self._entries[:count], self._entries[count:]
        return done


def known(connection: Connection, entries: Sequence[Entry]) -> set[str]:
    """Return the ids of requests that are in the journal: a commit that was cut off may have come through."""
    ids = [entry.request.request_id for entry in entries if type(entry.request) is Request]
    return set(connection.execute(select(requests.c.request_id).where(requests.c.request_id.in_(ids))).scalars())
