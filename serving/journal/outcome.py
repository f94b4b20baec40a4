"""What became of entries of the journal, and how those hear of it who wait."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from serving.journal.labels import LabelStatus
from serving.journal.waiting import Entry


class JournalError(Exception):
    """The journal could not be written.

    Args:
        text: Why.
        is_certain: Whether nothing is in it; else a commit was cut off, and may have come through.
    """

    def __init__(self, text: str, *, is_certain: bool = False) -> None:
        super().__init__(text)
        self.is_certain = is_certain


class JournalFull(JournalError):
    """Too much waits for the journal already."""


class RowError(JournalError):
    """Rows that the journal does not take; those of other requests it may."""


Outcome = list[LabelStatus | None] | JournalError
"""One for each entry, or what met all of them."""


def resolve(group: Sequence[Entry], outcome: Outcome) -> None:
    """Tell who waits for a group's entries, in their own event loops."""
    outcomes = [outcome] * len(group) if isinstance(outcome, JournalError) else outcome
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Entry, LabelStatus | JournalError | None]]] = {}
    for entry, one in zip(group, outcomes, strict=True):
        by_loop.setdefault(entry.loop, []).append((entry, one))
    for loop, entries in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            loop.call_soon_threadsafe(_resolve, entries)


def _resolve(entries: list[tuple[Entry, LabelStatus | JournalError | None]]) -> None:
    for entry, outcome in entries:
        if entry.committed.done():  # cancelled: the request passed its deadline
            continue
        if isinstance(outcome, JournalError):
            entry.committed.set_exception(outcome)
        else:
            entry.committed.set_result(outcome)


def passed_over(committed: "asyncio.Future[LabelStatus | None]") -> None:
    """Take note of an outcome that nobody waits for, so that asyncio does not call an error forgotten."""
    if not committed.cancelled():
        committed.exception()


def is_refused(written: "asyncio.Future[bool]") -> bool:
    """Say whether the event loop left a row to the thread."""
    return not written.cancelled() and not written.result()
