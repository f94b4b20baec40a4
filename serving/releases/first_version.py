"""The package that came with a service: published where its journal has no version in production yet."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from schemas.errors import DeploymentError
from serving.releases.publisher import current_release, publish

_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
logger = logging.getLogger("bentoml.drivetrain")  # below "bentoml", whose handler and level the worker has set up


class FirstVersion:
    """Publishes a package as everybody does, in a thread of a worker: announced, proven, and made current by one.

    Once a version is in production, whichever that is, it has nothing to do: a version that was published later is
    served after a restart, too. What fails is tried again after longer and longer pauses.

    Args:
        journal_url: The service's journal.
        version: What it is published as.
        package: Its folder.
        timeout: Seconds until every worker must have loaded it.
        away: Says why the journal cannot be asked now, None while it can.
    """

    def __init__(
        self,
        journal_url: str,
        version: str,
        package: Path,
        timeout: float,
        away: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._journal_url, self._version, self._package, self._timeout = journal_url, version, package, timeout
        self._away, self._waits = away, False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="first version", daemon=True)

    def start(self) -> None:
        """Begin; the workers must follow the releases by now."""
        self._thread.start()

    def stop(self) -> None:
        """Try no more; an attempt that is under way ends with the process."""
        self._stopped.set()

    def _run(self) -> None:
        pause = _PAUSE
        while self._is_away() or not self._is_in_production():
            if self._stopped.wait(pause):
                return
            pause = _PAUSE if self._waits else min(2 * pause, _LONGEST_PAUSE)

    def _is_away(self) -> bool:
        """Say whether the journal cannot be asked now; the log has it once."""
        why, waited = self._away(), self._waits
        self._waits = why is not None
        if self._waits and not waited:
            text = "whether the version inside this Bento is to be published is asked once the journal is back: %s"
            logger.warning(text, why)
        return self._waits

    def _is_in_production(self) -> bool:
        """See to it that a version is; say whether that is so."""
        try:
            if current_release(self._journal_url) is None:
                publish(self._journal_url, self._version, str(self._package), timeout=self._timeout)
            return True
        except DeploymentError as error:  # of another worker's publication, too, which we then find in production
            if not self._stopped.is_set():
                logger.error("the version inside this Bento is not in production: %s", error)
            return False
