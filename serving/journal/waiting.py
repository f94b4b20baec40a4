"""What waits for the journal's writer, and how much of it may."""

import asyncio
import queue
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from schemas.journal_spec import JournalSpec
from serving.journal.insertion import Row, size_of
from serving.journal.labels import Label, LabelStatus

_LABEL = 500  # bytes


class Entry(NamedTuple):
    """One request, shadow's answer or label, and who waits for its commit."""

    request: Row | None
    label: Label | None
    size: int
    committed: "asyncio.Future[LabelStatus | None]"
    loop: asyncio.AbstractEventLoop

    @property
    def is_awaited(self) -> bool:
        """Whether it is still to be written: its request has not passed its deadline."""
        return not self.committed.done()


def bytes_of(request: Row | None) -> int:
    """Return about how many bytes an entry holds; without a request it is a label."""
    return _LABEL if request is None else size_of(request)


class Room:
    """How much waits. One thread lets entries in, another one lets them out: neither writes what the other does."""

    def __init__(self, spec: JournalSpec) -> None:
        self._most, self._most_bytes = spec.queue, spec.queue_bytes
        self._entered = self._entered_bytes = self._left = self._left_bytes = 0

    @property
    def requests(self) -> int:
        """How many entries wait."""
        return self._entered - self._left

    @property
    def bytes(self) -> int:
        """How many bytes they hold."""
        return self._entered_bytes - self._left_bytes

    def takes(self, size: int) -> bool:
        """Say whether one more has room; where nothing waits it always has."""
        waiting = self.requests
        return not waiting or (waiting < self._most and self.bytes + size <= self._most_bytes)

    def enter(self, size: int) -> None:
        """Note that one more waits."""
        self._entered += 1
        self._entered_bytes += size

    def leave(self, size: int) -> None:
        """Note that one does not wait any more."""
        self._left += 1
        self._left_bytes += size


def following(entries: "queue.SimpleQueue[Entry | None]", first: Entry, most: int) -> tuple[list[Entry], bool]:
    """Return an entry with those behind it in the queue, so many at most, and whether the end came after them."""
    group = [first]
    while len(group) < most:
        try:
            entry = entries.get_nowait()
        except queue.Empty:
            break
        if entry is None:
            return group, True
        group.append(entry)
    return group, False


def rest(entries: "queue.SimpleQueue[Entry | None]") -> Iterator[Entry]:
    """Yield what is left in the queue."""
    with suppress(queue.Empty):
        while True:
            if (entry := entries.get_nowait()) is not None:
                yield entry


async def is_done(entry: Entry, seconds: float) -> bool:
    """Wait for an entry for so long; return whether it was committed. Who is cancelled meanwhile waits no longer."""
    try:
        done, _ = await asyncio.wait([entry.committed], timeout=seconds)
    except asyncio.CancelledError:
        entry.committed.cancel()
        raise
    return bool(done)
