"""A worker's sign of life in the journal, which also shows whether the journal can be written."""

import logging
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from serving.journal.tables import identity
from serving.journal.trouble import told
from serving.releases import events

_BEAT = 1.0
_NO_FILE = (0, 0)
logger = logging.getLogger("bentoml.drivetrain")


class Heartbeat:
    """`error` says why the journal cannot be written, None while it can; `is_gone`: its file is another one now."""

    def __init__(self, engine: Engine, worker: str) -> None:
        self.error: str | None = None
        self.is_gone = False
        self._engine, self._worker = engine, worker
        self._file = identity(engine)
        self._last = -_BEAT

    def beat(self) -> None:
        """Do what is due; to be called often."""
        if time.monotonic() - self._last < _BEAT:
            return
        self._last = time.monotonic()
        error = self._write()
        if error is not None and error != self.error:
            logger.error(error)
        self.error = error

    def stop(self) -> None:
        """Take the worker off the list of the living."""
        try:
            events.forget(self._engine, self._worker)
        except SQLAlchemyError as error:
            logger.warning("the journal does not take the worker's farewell: %s", error)

    def _write(self) -> str | None:
        if self._file == _NO_FILE:  # it was not there when we began, and may be by now
            self._file = identity(self._engine)
        self.is_gone = identity(self._engine) != self._file
        if self.is_gone:  # we would go on writing into a file that nobody can read any more
            return "the journal's file was removed or replaced; deploy the model again"
        try:
            events.beat(self._engine, self._worker)
        except SQLAlchemyError as error:
            return f"the journal cannot be written: {told(error)}"
        return None
