"""Commits on the event loop itself, of what came in one turn of it.

To hand a request to a thread and back takes several times as long as SQLite takes to write it, for the threads wait for
each other's turn with the interpreter. So the loop writes where that is quick, and leaves to the thread whatever is
not: a file that somebody else is writing to, a slow disk, large rows, every fault.
"""

import asyncio
import sqlite3
import threading
import time
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from serving.journal.checkpoints import Checkpoints
from serving.journal.insertion import Row, size_of, statements

_NORMAL = 1  # of `PRAGMA synchronous`: FULL waits for the disk at every commit
_LARGE = 65_536  # characters of a request that the loop does not write
_SLOW = 0.05  # seconds; less passes for a busy machine
_PAUSE = 1.0  # seconds after a slow commit
_COMMIT = 4 * 4_096  # bytes of the log: every commit writes anew the pages at the end of the table and its indexes
_LOG = 8_000_000  # bytes that the log's file keeps when it begins anew
_BUSY_SECONDS = 0.001  # until the loop tries again while somebody else is writing
_TRIES = 8
_OPEN_SECONDS = 5.0


class _Waiting(NamedTuple):
    request: Row
    committed: "asyncio.Future[bool]"


class Inline:
    """Writes requests on the loop that asks, all that came in one turn of it in one commit.

    Args:
        engine: The journal.
        slow: Seconds of a commit, after which the thread writes for a second.
        again: Seconds until a file that could not be opened is tried again.
    """

    def __init__(self, engine: Engine, slow: float = _SLOW, again: float = _OPEN_SECONDS) -> None:
        self._engine, self._slow, self._again = engine, slow, again
        self._database: sqlite3.Connection | None = None
        self._group: list[_Waiting] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tries = 0
        self._lock = threading.Lock()  # for `close`
        self._rests_until = 0.0  # time.monotonic
        self._checkpoints: Checkpoints | None = None
        self._closed = False
        self._opens_at: float | None = None  # time.monotonic; None: it is not to be opened (again)
        self._open()

    def add(self, request: Row) -> "asyncio.Future[bool] | None":
        """Return what will say whether a request was committed; not, or None: nothing of it was written."""
        loop = asyncio.get_running_loop()
        if size_of(request) > _LARGE or time.monotonic() < self._rests_until:
            return None
        if self._opens_at is not None and time.monotonic() >= self._opens_at:
            self._opens_at = None
            loop.run_in_executor(None, self._open)  # whoever is in the way is waited for
        with self._lock:
            if self._database is None or (self._group and loop is not self._loop):
                return None
            if not self._group:
                self._loop, self._tries = loop, 0
                loop.call_soon(self._write)
            future: asyncio.Future[bool] = loop.create_future()
            self._group.append(_Waiting(request, future))
            return future

    def close(self) -> None:
        """Write what waits, and end; what comes later is not written. Any thread may call it."""
        with self._lock:
            self._closed = True
            if self._database is None:
                return
            if self._group and self._loop is not None:
                group, written = self._written()
                with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                    self._loop.call_soon_threadsafe(_resolve, group, written is True)
            database, self._database = self._database, None
        if self._checkpoints is not None:
            self._checkpoints.close()
        database.close()

    def _open(self) -> None:
        """Open the file, if that is to be; one that cannot be opened now, such as that of a journal to come, later."""
        try:
            database = _own_connection(self._engine)
        except (SQLAlchemyError, sqlite3.Error):  # what a new connection is asked first may raise the driver's own
            self._opens_at = time.monotonic() + self._again  # the thread says why
            return
        if database is None:
            return
        with self._lock:
            if not self._closed:
                self._database, self._checkpoints = database, Checkpoints(self._engine)
                return
        database.close()

    def _write(self) -> None:
        """Commit what is waited for; while somebody else writes, try again in a moment, with what came meanwhile."""
        with self._lock:
            if self._database is None or self._loop is None:
                return  # `close` was here
            group, written = self._written()
            if written is None and self._tries < _TRIES:
                self._tries += 1
                self._group = group
                self._loop.call_later(_BUSY_SECONDS, self._write)
                return
        _resolve(group, written is True)

    def _written(self) -> tuple[list[_Waiting], bool | None]:
        """Return who is waited for, and whether they are committed."""
        group, self._group = [one for one in self._group if not one.committed.done()], []  # else their deadline is over
        return group, self._commit([one.request for one in group])

    def _commit(self, requests: list[Row]) -> bool | None:
        """Return whether requests were written; None while somebody else writes."""
        database, started = self._database, time.monotonic()
        assert database is not None, "`add` takes nothing without"
        try:
            database.execute("BEGIN IMMEDIATE")
            for statement, values in statements(requests):
                database.execute(statement, values)
            database.execute("COMMIT")
        except Exception as error:  # whatever it is, the thread meets it too, and says what is wrong
            with suppress(sqlite3.Error):
                database.rollback()
            if self._checkpoints is not None and _is(error, sqlite3.SQLITE_FULL):
                self._checkpoints.hurry()
            return None if _is(error, sqlite3.SQLITE_BUSY) else False
        ended = time.monotonic()
        if ended - started > self._slow:
            self._rests_until = ended + _PAUSE
        if self._checkpoints is not None:
            self._checkpoints.grew(_COMMIT + sum(map(size_of, requests)))
        return True


def _own_connection(engine: Engine) -> sqlite3.Connection | None:
    """Return a connection that waits for nobody, None where commits take long.

    Raises:
        SQLAlchemyError: If the file cannot be opened; sqlite3.Error too.
    """
    if engine.dialect.name != "sqlite":
        return None
    lent = engine.raw_connection()
    database = lent.driver_connection
    assert isinstance(database, sqlite3.Connection), "SQLAlchemy's driver for SQLite is Python's"
    try:
        if database.execute("PRAGMA synchronous").fetchone() != (_NORMAL,):
            lent.close()
            return None
        lent.detach()  # others that the engine gives wait
        database.execute("PRAGMA busy_timeout = 0")
        database.execute("PRAGMA wal_autocheckpoint = 0")  # it waits for the disk
        database.execute(f"PRAGMA journal_size_limit = {_LOG}")
    except sqlite3.Error:  # a damaged file
        lent.detach()
        database.close()
        raise
    return database


def _resolve(group: list[_Waiting], committed: bool) -> None:
    for one in group:
        if not one.committed.done():
            one.committed.set_result(committed)


def _is(error: Exception, code: int) -> bool:
    """Say whether SQLite's driver raised an error for this reason."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == code
