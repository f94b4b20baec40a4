"""How a worker ends: it says that it is not ready, answers on for a moment, then finishes what is in work."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import uvicorn

from serving.process.kernel import let_no_more_begin

logger = logging.getLogger("bentoml.drivetrain")
_BEHIND_SUPERVISOR = 0.25  # seconds for which a worker takes connections after its supervisor has let no more come
_LAST_SECONDS = 0.1  # in which it takes those that wait at a port that takes no more


class Leaving:
    """Whether this worker is about to end, and how it does.

    From SIGTERM on `/readyz` is 503 and each answer is the last of its connection, so that clients go elsewhere. After
    `seconds` no connection is taken any more: those without a request are closed, requests in work are answered.

    Args:
        seconds: For which connections are still taken.
        is_orphan: Says whether the supervisor is gone: the next one needs the port at once.
        told: A descriptor where the supervisor reads that this worker is ready, and that it ends; None: nobody does.
    """

    def __init__(
        self, seconds: float = 0.0, is_orphan: Callable[[], bool] = lambda: False, told: int | None = None
    ) -> None:
        self.is_under_way = False
        self._seconds, self._is_orphan, self._told = seconds, is_orphan, told

    def ready(self) -> None:
        """Let the supervisor know that connections are taken from now on."""
        self._tell(b"+")

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Come before uvicorn, whose handler of SIGTERM closes the port and every connection at once."""
        then = signal.getsignal(signal.SIGTERM)
        server = getattr(then, "__self__", None)
        if not callable(then) or not isinstance(server, uvicorn.Server):
            return  # nobody serves here

        def begin(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._begin, server, lambda: then(number, frame))

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, begin)

    def _begin(self, server: uvicorn.Server, then: Callable[[], Any]) -> None:
        if self.is_under_way:
            return
        self.is_under_way = True
        loop = asyncio.get_running_loop()
        if self._is_orphan():
            then()
            return
        logger.info("stopping: connections are taken for %g seconds more", self._seconds)
        if self._told is not None:
            self._tell(b".")
            loop.call_later(self._seconds + _BEHIND_SUPERVISOR, then)
        else:
            loop.call_later(self._seconds, self._let_no_more_come, server)
            loop.call_later(self._seconds + _LAST_SECONDS, then)  # uvicorn looks ten times a second

    def _tell(self, what: bytes) -> None:
        if self._told is not None:
            with suppress(OSError):
                os.write(self._told, what)

    @staticmethod
    def _let_no_more_come(server: uvicorn.Server) -> None:
        """Let clients wait, until they are refused with the port, rather than lose what they send meanwhile."""
        for listener in (one for server in server.servers for one in server.sockets):
            with socket.socket(fileno=os.dup(listener.fileno())) as port:
                let_no_more_begin(port)
