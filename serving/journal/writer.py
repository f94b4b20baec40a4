"""The journal's writing end: group commit, and what is acknowledged was committed before.

The event loop writes what is quick to write (`serving.journal.inline`), one thread all else.
"""

import asyncio
import logging
import queue
import threading
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError, TimeoutError

from serving.journal.crowd import Crowd
from serving.journal.inline import Inline
from serving.journal.insertion import Request, RoutedKey, Row, Shadowed, Unanswered, add
from serving.journal.labels import Label, LabelStatus, record
from serving.journal.tables import begin_writing
from serving.journal.trouble import is_damage

_LARGEST_GROUP = 256  # requests in one commit
_CLOSED = "the journal is closed"
_OF_THE_JOURNAL = (OperationalError, InternalError, InterfaceError, TimeoutError)
"""Locked, full, gone: it would meet every request of a group alike."""
logger = logging.getLogger("bentoml.drivetrain")


class JournalError(Exception):
    """The journal could not be written; nothing of the request is in it."""


class _OwnError(JournalError):
    """Rows that the journal does not take; those of other requests it may."""


class _Entry(NamedTuple):
    request: Row | None
    label: Label | None
    committed: "asyncio.Future[LabelStatus | None]"
    loop: asyncio.AbstractEventLoop


class Journal:
    """Writes predictions and labels; requests that arrive while a commit runs share the next one.

    A request that nobody waits for any more (it passed its deadline before its turn came) is not written.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._closed = False
        self._inline = Inline(engine)
        self._crowd = Crowd(self._entries.qsize, _LARGEST_GROUP)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    async def write(self, request: Request | Shadowed) -> None:
        """Return once a request is committed. Raises JournalError when it could not be."""
        done = None if self._closed else self._inline.add(request)
        if done is None or not await done:
            await self._committed(request, None)

    async def label(self, label: Label) -> LabelStatus:
        """Return what became of a label once it is committed. Raises JournalError when it could not be."""
        status = await self._committed(None, label)
        assert status is not None, "an entry with a label is answered with a status"
        return status

    def note(self, row: Unanswered | RoutedKey) -> None:
        """Write what nobody waits for; what the journal does not take is left out."""
        done = None if self._closed else self._inline.add(row)
        if done is None:
            self._note_later(row)
        else:
            done.add_done_callback(lambda written: self._note_later(row) if _is_refused(written) else None)

    def _note_later(self, row: Unanswered | RoutedKey) -> None:
        if not self._closed:
            loop = asyncio.get_running_loop()
            entry = _Entry(row, None, loop.create_future(), loop)
            entry.committed.add_done_callback(_passed_over)
            self._entries.put(entry)

    def close(self) -> None:
        """Commit what is waiting and stop; what comes later is refused."""
        self._closed = True
        self._inline.close()
        self._entries.put(None)
        self._thread.join()
        with suppress(queue.Empty):
            while True:
                if (late := self._entries.get_nowait()) is not None:
                    _resolve_group([late], JournalError(_CLOSED))

    async def _committed(self, request: Row | None, label: Label | None) -> LabelStatus | None:
        if self._closed:
            raise JournalError(_CLOSED)
        loop = asyncio.get_running_loop()
        entry = _Entry(request, label, loop.create_future(), loop)
        self._entries.put(entry)
        self._crowd.joined()
        return await entry.committed

    def _run(self) -> None:
        while True:
            self._crowd.wait()
            entry = self._entries.get()
            if entry is None:
                return
            group, last = self._gather(entry)
            self._commit(group)
            self._crowd.committed(len(group))
            if last:
                return

    def _gather(self, first: _Entry) -> tuple[list[_Entry], bool]:
        group = [first]
        while len(group) < _LARGEST_GROUP:
            try:
                entry = self._entries.get_nowait()
            except queue.Empty:
                break
            if entry is None:
                return group, True
            group.append(entry)
        return group, False

    def _commit(self, group: list[_Entry]) -> None:
        outcome = self._insert(group)
        if not isinstance(outcome, _OwnError) or len(group) == 1:
            _resolve_group(group, outcome)
            return
        for place, entry in enumerate(group):  # one request's fault must not become its neighbours'
            outcome = self._insert([entry])
            if isinstance(outcome, JournalError) and not isinstance(outcome, _OwnError):
                _resolve_group(group[place:], outcome)
                return
            _resolve_group([entry], outcome)

    def _insert(self, group: list[_Entry]) -> "_Outcome":
        if not any(map(_is_awaited, group)):
            return [None] * len(group)
        try:
            with self.engine.begin() as connection:
                begin_writing(connection)
                awaited = [_is_awaited(entry) for entry in group]  # now that the wait for the lock is over
                written = [entry for entry, one in zip(group, awaited, strict=True) if one]
                add(connection, [entry.request for entry in written if entry.request is not None])
                statuses = iter(record(connection, [entry.label for entry in written if entry.label is not None]))
        except SQLAlchemyError as error:
            kind = JournalError if isinstance(error, _OF_THE_JOURNAL) or is_damage(error) else _OwnError
            return kind(str(error))
        except Exception as error:  # the driver's own, of values that it cannot hold: the thread is to go on
            logger.exception("rows broke the journal's driver")
            return _OwnError(str(error))
        return [next(statuses) if one and entry.label else None for entry, one in zip(group, awaited, strict=True)]


_Outcome = list[LabelStatus | None] | JournalError


def _passed_over(committed: "asyncio.Future[LabelStatus | None]") -> None:
    if not committed.cancelled():
        committed.exception()


def _is_refused(written: "asyncio.Future[bool]") -> bool:
    return not written.cancelled() and not written.result()


def _is_awaited(entry: _Entry) -> bool:
    return not entry.committed.done()


def _resolve_group(group: list[_Entry], outcome: _Outcome) -> None:
    outcomes = [outcome] * len(group) if isinstance(outcome, JournalError) else outcome
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Entry, LabelStatus | JournalError | None]]] = {}
    for entry, one in zip(group, outcomes, strict=True):
        by_loop.setdefault(entry.loop, []).append((entry, one))
    for loop, entries in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            loop.call_soon_threadsafe(_resolve, entries)


def _resolve(entries: list[tuple[_Entry, LabelStatus | JournalError | None]]) -> None:
    for entry, outcome in entries:
        if entry.committed.done():  # cancelled: the request passed its deadline
            continue
        if isinstance(outcome, JournalError):
            entry.committed.set_exception(outcome)
        else:
            entry.committed.set_result(outcome)
