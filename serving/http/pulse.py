"""Whether a worker goes on: a model that never ends for some rows must not silence the service.

Small bodies are predicted on the event loop, large ones in one thread, and explained in another. None of them can be
interrupted from within Python: a worker in which one stands still is ended, and its supervisor starts another.
"""

import asyncio
import logging
import os
import signal
import threading
import time

logger = logging.getLogger("bentoml.drivetrain")
_SPARE = 10.0  # seconds beyond a request's deadline
_ASK_SECONDS = 1.0


class Pulse:
    """Ends this process when its event loop, or a thread that predicts, has stood still for too long.

    Args:
        deadline: Seconds that a request may take.
    """

    def __init__(self, deadline: float) -> None:
        self._limit = deadline + _SPARE
        self._asked = self._answered = time.monotonic()
        self._began: dict[int, float] = {}  # by thread

    def begin(self) -> None:
        """Note that the calling thread begins with a body."""
        self._began[threading.get_ident()] = time.monotonic()

    def end(self) -> None:
        """Note that it is done with it."""
        self._began.pop(threading.get_ident(), None)

    def look(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Do what is due; to be called often, by another thread than these two."""
        now = time.monotonic()
        if any(now - began > self._limit for began in list(self._began.values())):
            self._give_up("a prediction")
        if loop is None or loop.is_closed():
            return
        if self._answered >= self._asked:
            if now - self._asked > _ASK_SECONDS:
                self._asked = now
                loop.call_soon_threadsafe(self._answer)
        elif now - self._asked > self._limit:
            self._give_up("the event loop")

    def _answer(self) -> None:
        self._answered = time.monotonic()

    def _give_up(self, what: str) -> None:
        logger.error("%s has not ended for %g seconds; this worker is ended and replaced", what, self._limit)
        os.kill(os.getpid(), signal.SIGKILL)
