"""The journal's writing end: group commit, and what is acknowledged was committed before.

The event loop writes what is quick to write (`serving.journal.inline`), one thread all else.

Under the policy `drop` a request is acknowledged without its commit where that fails or takes long: it is held, as far
as there is room, until the journal takes it, and what is lost is counted and the count written.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine

from schemas.journal_spec import JournalSpec
from serving.journal.crowd import Crowd
from serving.journal.held import HELD, Held
from serving.journal.inline import Inline
from serving.journal.insertion import Request, RoutedKey, Row, Shadowed, Unanswered
from serving.journal.labels import Label, LabelStatus
from serving.journal.loss import Reason
from serving.journal.losses import Gone, Losses
from serving.journal.outcome import JournalError, JournalFull, Outcome, RowError, is_refused, passed_over, resolve
from serving.journal.pace import Pace, Turns
from serving.journal.takeover import begin
from serving.journal.transaction import commit
from serving.journal.waiting import Entry, Room, bytes_of, following, is_done, rest

_LARGEST_GROUP = 256  # requests in one commit
_LOOK_SECONDS = 0.5  # until what is held, or a count of what was lost, is tried to be written though nothing comes
_CLOSED = "the journal is closed"
logger = logging.getLogger("bentoml.drivetrain")


class Journal:
    """Writes predictions and labels; requests that arrive while a commit runs share the next one.

    A request that nobody waits for any more (it passed its deadline before its turn came) is not written.

    Args:
        engine: The journal.
        spec: What holds while the journal takes nothing, and how much may wait.
        patience: Seconds that an answer waits for its commit at most, under the policy `drop`.
        gone: Says what became of a journal that must not be written to; None while it may be.
        folder: Where the service's workers note, under the policy `drop`, what a kill would take; None: nowhere.
    """

    def __init__(
        self,
        engine: Engine,
        spec: JournalSpec | None = None,
        patience: float = 1.0,
        gone: Gone = lambda: None,
        folder: Path | None = None,
    ) -> None:
        self.engine, spec = engine, spec or JournalSpec()
        self.drops = spec.policy == "drop"
        self._owed, self.takeover = begin(engine, folder, spec.queue if self.drops else None)
        self.losses, self.room = Losses(self._owed), Room(spec)
        self._patience, self._gone = patience, gone
        self._entries: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._closed = self._is_late = False
        self._held, self._inline, self._pace = Held(), Inline(engine), Pace(_LARGEST_GROUP)
        self._crowd = Crowd(self._entries.qsize, _LARGEST_GROUP)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def away(self) -> str | None:
        """Why nothing waits for the journal now, under the policy `drop`; None while it takes what is written."""
        gone = self._gone()
        return self._held.why if gone is None else f"the journal is {gone}"

    async def write(self, request: Request | Shadowed, turns: Turns | None = None) -> None:
        """Return once a request is committed, or under the policy `drop` once it is held or counted as lost.

        `turns` hears that it waits for a commit that is not the event loop's, where that is no queue.

        Raises:
            JournalFull: If too much waits for the journal.
            JournalError: If it could not be committed.
        """
        gone = self._gone()
        if gone is not None and self.drops and type(request) is Request:
            self.losses.add(request, gone)
            return
        done = None if self._closed or self.away is not None else self._inline.add(request)
        if done is not None and await done:
            return
        await self._pace.wait(self._write_later(request), self.room.requests, turns)

    async def label(self, label: Label) -> LabelStatus:
        """Return what became of a label once it is committed. Raises JournalError when it could not be."""
        status = await self._put(None, label).committed
        assert status is not None, "an entry with a label is answered with a status"
        return status

    def note(self, row: Unanswered | RoutedKey) -> None:
        """Write what nobody waits for, held where requests are; what there is no room for is left out."""
        done = None if self._closed or self.away is not None else self._inline.add(row)
        if done is None:
            self._note_later(row)
        else:
            done.add_done_callback(lambda written: self._note_later(row) if is_refused(written) else None)

    def _note_later(self, row: Unanswered | RoutedKey) -> None:
        with suppress(JournalError):  # closed, or full
            self._put(row, None).committed.add_done_callback(passed_over)

    def close(self, seconds: float | None = None) -> None:
        """Commit what is waiting and stop; what comes later is refused. After these seconds it is left as it is."""
        self._closed = True
        self._inline.close()
        self._entries.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():  # in a database that says nothing
            text = "the journal does not answer: %d entries may not be in it, and %d lost ones not counted"
            logger.error(text, self.room.requests, self.losses.pending()[0])
        for late in rest(self._entries):
            resolve([late], JournalError(_CLOSED))

    def _put(self, request: Row | None, label: Label | None) -> Entry:
        if self._closed:
            raise JournalError(_CLOSED)
        size = bytes_of(request)
        if not self.room.takes(size):
            raise JournalFull("too much waits for the journal")
        loop = asyncio.get_running_loop()
        entry = Entry(request, label, size, loop.create_future(), loop)
        self.room.enter(size)
        self._entries.put(entry)
        self._crowd.joined()
        return entry

    async def _write_later(self, request: Request | Shadowed) -> None:
        if not (self.drops and type(request) is Request):
            await self._put(request, None).committed
        elif not self._closed and not self.room.takes(bytes_of(request)):
            self.losses.add(request, "full")
        else:
            await self._soon(request)

    async def _soon(self, request: Request) -> None:
        """Wait for a commit, but not for long, and not at all while they fail; what is answered before it is noted."""
        is_noted = (self._is_late or self._held.why is not None) and self._owed.hold(request)
        try:
            entry = self._put(request, None)
            if not is_noted and not await is_done(entry, self._patience):
                self._is_late = True
                if self._owed.hold(request):
                    entry.committed.add_done_callback(lambda _: self._owed.release([request]))
                else:
                    await entry.committed
        except JournalError:
            self._owed.release([request])
            raise
        finally:
            self._owed.answered(request)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            group, is_last = self._next()
            self._write_held()
            if group:
                self._commit(group)
                self._crowd.committed(len(group))
            self.takeover.attempt(self.losses.add_killed, lambda: self.away is None, self._entries.qsize)
        self._held.came_back()  # tried once more
        self._write_held()
        unsure = self._held.unsure
        self._lose(self._held.drop(len(self._held)), "closed", unsure)
        self.losses.say(is_kept=self._owed.is_kept)
        self.takeover.close()
        self._owed.close()

    def _next(self) -> tuple[list[Entry], bool]:
        """Return what came next, and whether it is the last; nothing where something else may be due."""
        seconds: float | None = _LOOK_SECONDS
        if not (len(self._held) or self.losses.are_pending or self.takeover.is_pending):
            self._crowd.wait()
            seconds = self.takeover.pause
        try:
            first = self._entries.get(timeout=seconds)
        except queue.Empty:
            return [], False
        return following(self._entries, first, _LARGEST_GROUP) if first is not None else ([], True)

    def _commit(self, group: list[Entry]) -> None:
        if len(self._held) or not self._held.is_due:  # it is tried later, and then what came before is first
            self._settle(group, JournalError(self._held.why or _CLOSED, is_certain=True))
            return
        outcome = self._insert(group)
        if not isinstance(outcome, RowError) or len(group) == 1:
            self._settle(group, outcome)
            return
        for place, entry in enumerate(group):  # one request's fault must not become its neighbours'
            outcome = self._insert([entry])
            if isinstance(outcome, JournalError) and not isinstance(outcome, RowError):
                self._settle(group[place:], outcome)
                return
            self._settle([entry], outcome)

    def _settle(self, group: list[Entry], outcome: Outcome) -> None:
        """Tell who waits what became of a group; under the policy `drop` what is noted is held, or lost, instead."""
        if not self.drops or not isinstance(outcome, JournalError):
            self._let_go(group, outcome)
            return
        mine = [entry for entry in group if isinstance(entry.request, HELD)]
        self._let_go([entry for entry in group if not isinstance(entry.request, HELD)], outcome)
        if isinstance(outcome, RowError):
            self._lose(mine, "refused")
        else:
            self._held.keep(mine, unsure=not outcome.is_certain)

    def _let_go(self, group: list[Entry], outcome: Outcome) -> None:
        self._owed.release(entry.request for entry in group)
        for entry in group:
            self.room.leave(entry.size)
        resolve(group, outcome)

    def _lose(self, entries: list[Entry], reason: Reason, unsure: Collection[int] = ()) -> None:
        """Count entries, less those, by identity, that may be in the journal and are left to the next worker."""
        for entry in entries:
            request = entry.request if entry.is_awaited else None
            if isinstance(request, Request) and not (id(entry) in unsure and self._owed.leave(request)):
                self.losses.add(request, reason, waits=True)
        self._let_go(entries, [None] * len(entries))

    def _write_held(self) -> None:
        """Write what is held and what was lost, as far as the journal takes it."""
        while (len(self._held) or self.losses.are_pending) and self._held.is_due:
            group = self._held.first(_LARGEST_GROUP)
            outcome = self._insert(group, again=True)
            if isinstance(outcome, RowError) and len(group) > 1:
                group = group[:1]
                outcome = self._insert(group, again=True)
            if isinstance(outcome, RowError) and group:
                self._lose(self._held.drop(1), "refused")
            elif isinstance(outcome, JournalError):
                self._held.failed(str(outcome), unsure=[] if outcome.is_certain else group)
                return
            else:
                self._let_go(self._held.drop(len(group)), outcome)

    def _insert(self, group: list[Entry], *, again: bool = False) -> Outcome:
        started, awaited = time.monotonic(), sum(entry.is_awaited for entry in group)
        outcome = commit(self.engine, group, self.losses, self._gone(), again=again)
        self.takeover.heard(outcome)
        if not isinstance(outcome, JournalError):
            self._pace.took(awaited, time.monotonic() - started)
            self._is_late = False
            self._held.came_back()
        elif self.drops and not isinstance(outcome, RowError):
            if self._held.why is None:
                logger.error("the journal cannot be written, and answers go on without it: %s", outcome)
            self._held.failed(str(outcome))
        return outcome
