"""The journal's writing end: one thread, group commit, and a prediction is committed before it is acknowledged."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Engine, insert
from sqlalchemy.exc import SQLAlchemyError

from serving.store import predictions

_LARGEST_GROUP = 256  # requests in one commit


class Prediction(NamedTuple):
    """One answered row; `inputs` and `answer` are JSON text, `time` seconds since the epoch, `latency` seconds."""

    request_id: str
    row: int
    time: float
    version: str
    inputs: str
    answer: str
    confidence: float | None
    needs_review: bool
    latency: float


class JournalError(Exception):
    """The journal could not be written; nothing of the request is in it."""


class _Entry(NamedTuple):
    rows: Sequence[Prediction]
    committed: "asyncio.Future[None]"
    loop: asyncio.AbstractEventLoop


class Journal:
    """Writes predictions; requests that arrive while a commit runs share the next one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._entries: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    async def write(self, rows: Sequence[Prediction]) -> None:
        """Return once `rows` are committed. Raises JournalError when they could not be."""
        loop = asyncio.get_running_loop()
        entry = _Entry(rows, loop.create_future(), loop)
        self._entries.put(entry)
        await entry.committed

    def close(self) -> None:
        """Commit what is waiting and stop."""
        self._entries.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (entry := self._entries.get()) is not None:
            group, last = self._gather(entry)
            self._commit(group)
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
        error = self._insert(group)
        if error is not None and len(group) > 1:  # one request's fault must not become its neighbours'
            for entry in group:
                _settle([entry], self._insert([entry]))
            return
        _settle(group, error)

    def _insert(self, group: list[_Entry]) -> JournalError | None:
        rows = [row._asdict() for entry in group for row in entry.rows]
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(predictions), rows)
        except SQLAlchemyError as error:
            return JournalError(str(error))
        return None


def _settle(group: list[_Entry], error: JournalError | None) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Entry]] = {}
    for entry in group:
        by_loop.setdefault(entry.loop, []).append(entry)
    for loop, entries in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, entries, error)


def _resolve(entries: list[_Entry], error: JournalError | None) -> None:
    for entry in entries:
        if entry.committed.done():  # cancelled: the request passed its deadline
            continue
        if error is None:
            entry.committed.set_result(None)
        else:
            entry.committed.set_exception(error)
