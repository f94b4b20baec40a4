"""A worker whose supervisor was killed: it ends, and sees to it that somebody starts the service again."""

import logging
import os
import signal
from pathlib import Path

from serving.process import kept_alive
from serving.process.members import LEAVING, LOOKED_AFTER, SUPERVISOR, VARIABLE

logger = logging.getLogger("bentoml.drivetrain")


class Supervised:
    """Ends this process when its supervisor is gone.

    We were told who that is: where it died before we looked, our parent is somebody else already.
    """

    def __init__(self) -> None:
        told = os.environ.get(SUPERVISOR)
        self._supervisor = self._told = None if told is None else int(told)

    @property
    def tells(self) -> int | None:
        """The descriptor by which the supervisor is told that this process is about to end, None where nobody reads."""
        told = os.environ.get(LEAVING)
        return None if told is None or self._told is None else int(told)

    def is_orphan(self) -> bool:
        """Say whether there was a supervisor, and is none any more."""
        return self._told is not None and os.getppid() != self._told

    def look(self) -> None:
        """Do what is due; to be called often. Nothing where nobody supervises us."""
        if self._supervisor is None or os.getppid() == self._supervisor:
            return
        logger.error("the supervisor %s is gone; stopping", self._supervisor)
        self._supervisor = None
        try:
            if LOOKED_AFTER not in os.environ:
                _have_it_started_again(Path(os.environ[VARIABLE]))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)


def _have_it_started_again(settings: Path) -> None:
    if kept_alive.is_wanted(settings) and kept_alive.process_id(settings, "watchdog") is None:
        kept_alive.start(settings, "watchdog", environment=_inherited())


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != SUPERVISOR}
