"""A journal that may be away when its service starts, and comes later.

Nobody gets a connection before its tables were created, or were completed where they are of an earlier format.
"""

import logging
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from schemas.errors import DeploymentError
from serving.journal.engine import Synchronous, connect
from serving.journal.integrity import Integrity
from serving.journal.tables import create, open_existing
from serving.journal.trouble import Away, told

_PAUSE = 0.5  # seconds between two attempts
_AT_ONCE = 0.5
logger = logging.getLogger("bentoml.drivetrain")


class LateOpening:
    """Opens a journal in a thread, again and again until that is done; `why` says why it is not yet, None then.

    Args:
        url: The journal. A SQLite file that is not there was removed, or is on a disk that is: none is created.
        integrity: Whether its file is sound; a damaged one is left as it is.
        pause: Seconds between two attempts.
        at_once: Seconds of the first after which the journal counts as away.
    """

    def __init__(self, url: str, integrity: Integrity, pause: float = _PAUSE, at_once: float = _AT_ONCE) -> None:
        self.why: str | None = "it has not answered yet"
        self._url, self._integrity, self._pause, self._at_once = url, integrity, pause, at_once
        self._refused: DeploymentError | None = None
        self._tried, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal's opening", daemon=True)

    def engine(self, synchronous: Synchronous, lock_timeout: float, *, may_be_away: bool) -> Engine:
        """Return the journal's engine.

        Args:
            synchronous: As `connect` has it.
            lock_timeout: As `connect` has it.
            may_be_away: Whether one that does not answer at once is no fault; it gives connections once it is open.

        Raises:
            DeploymentError: If it is away and may not be, or cannot be used at all, such as one of a later format.
        """
        if may_be_away:
            self._start()
            self._integrity.start()
            return connect(self._url, synchronous, lock_timeout, self._require_open)
        self._integrity.start()
        if self._integrity.error is None:  # a damaged one is left as it is, and said to be damaged
            create(self._url)
        self.why = None
        return open_existing(self._url, synchronous, lock_timeout)

    def attempt(self) -> None:
        """Begin to try, and wait as long as the first attempt may take; `why` says what came of it.

        Raises:
            DeploymentError: If it cannot be used at all.
        """
        self._thread.start()
        self._tried.wait(self._at_once)
        if self._refused is not None:
            self.stop()
            raise self._refused

    def stop(self) -> None:
        """Try no more; an attempt that is under way ends with the process."""
        self._stopped.set()

    def _start(self) -> None:
        self.attempt()
        if self.why is not None and self._integrity.error is None:
            logger.warning("the journal is away, and is opened as soon as it is back: %s", self.why)

    def _require_open(self, dialect: Any, *_: Any) -> None:
        if self.why is not None:
            raise dialect.loaded_dbapi.OperationalError(self.why)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._try()
            self._tried.set()
            if self.why is None or self._integrity.error is not None:
                return
            self._stopped.wait(self._pause)

    def _try(self) -> None:
        try:
            if is_missing(self._url):
                raise Away("its file is not there")
            self._integrity.look()
            if self._integrity.error is None:
                create(self._url)
                self._integrity.look()  # the first look may have met somebody in the way
            why = self._integrity.error
        except (Away, OSError) as error:
            why = told(error.__cause__ if isinstance(error.__cause__, Exception) else error)
        except DeploymentError as error:
            why = str(error)
            if self._tried.is_set() and why != self.why:  # else whoever starts says it
                logger.error(why)
            self._refused = error
        self.why = why


def is_missing(url: str) -> bool:
    """Say whether the file of a SQLite journal is not there: removed, or on a disk that is."""
    location = make_url(url)
    return location.get_backend_name() == "sqlite" and not Path(location.database or "").is_file()
