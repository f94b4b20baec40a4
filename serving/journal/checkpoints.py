"""Checkpoints of SQLite's write-ahead log in a thread: they wait for the disk, and who commits should not."""

import logging
import threading
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

_BYTES = 4_000_000  # of the log between two checkpoints, as after SQLite's own thousand pages
_TRIES, _AGAIN_SECONDS = 20, 0.002
logger = logging.getLogger("bentoml.drivetrain")


class Checkpoints:
    """Takes what the log holds into the file now and then, so that the log begins anew and stays small.

    Args:
        engine: The journal.
        every: Bytes of the log between two checkpoints.
    """

    def __init__(self, engine: Engine, every: int = _BYTES) -> None:
        self._engine, self._every, self._bytes = engine, every, 0
        self._due, self._ends = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def grew(self, size: int) -> None:
        """Note so many bytes by which the log grew, or would have."""
        self._bytes += size
        if self._bytes > self._every:
            self.hurry()

    def hurry(self) -> None:
        """Make one now: the disk is full, and what the log holds twice and more is room."""
        self._bytes = 0
        self._due.set()

    def close(self) -> None:
        """End; the connection that is closed last makes a checkpoint by itself."""
        self._ends = True
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        while self._due.wait() and not self._ends:
            self._due.clear()
            try:
                self._checkpoint()
            except SQLAlchemyError as error:
                logger.warning("the journal's write-ahead log could not be checkpointed: %s", error)

    def _checkpoint(self) -> None:
        """Copy most of the log beside those who write, then the rest without them, unless somebody still reads it."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")  # else writers would wait for readers with us
            try:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
                for _ in range(_TRIES):
                    if not connection.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)").scalar_one():
                        return
                    time.sleep(_AGAIN_SECONDS)
            finally:
                connection.detach()  # others that the engine gives wait
