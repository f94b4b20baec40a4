"""The half of a connection that sends and ends: an answer that is not read is dropped with its connection."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from schemas.deploy_spec import DeploySpec
from serving.http.leaving import Leaving
from serving.http.refusal_log import refused_early

_PROGRESS = 65_536  # bytes that a client must take within a deadline while more of an answer waits
_NOT_READ = 499  # no response says so: nobody reads
_LINGER_SECONDS = 1.0


@cache
def _behind_proxies(config: Config, application: Any) -> Any:
    """Return an application that hears from proxies of this machine who asks, as uvicorn makes every one."""
    return ProxyHeadersMiddleware(application, config.forwarded_allow_ips) if config.proxy_headers else application


class Sending(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on what waits to be read, and one alarm for all that may take too long.

    uvicorn calls `pause_writing` once more than 64 KB wait, and `resume_writing` once few do. `limits` are set once,
    before the first connection.
    """

    # Slots: beyond 30 attributes in its __dict__ Python looks up each of uvicorn's more slowly.
    __slots__ = ("_alarm",)

    limits: ClassVar[DeploySpec] = DeploySpec()
    application: ClassVar[ASGIApp | None] = None
    """What answers, past what BentoML puts before it: that makes a task and a timer for every request."""
    leaving: ClassVar[Leaving] = Leaving()
    _unread: ClassVar[dict["Sending", asyncio.TimerHandle]] = {}  # who has much to read, the longest-waiting first

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        ours = type(self).application
        if ours is not None:
            self.app = _behind_proxies(config, ours)
        self._alarm: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Watch the client, and let go of the slowest others while all of them together leave too much."""
        super().pause_writing()
        self._watch()
        waiting = sum(one._waiting() for one in self._unread)
        for slowest in list(self._unread):
            if waiting <= self.limits.held:
                return
            if slowest is self:  # what it is just given, it could not have read yet
                continue
            waiting -= slowest._waiting()
            slowest._drop("answers that are not read fill the memory set aside for them")

    def resume_writing(self) -> None:
        """Stop watching."""
        super().resume_writing()
        self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._forget()
        self._silence()
        super().connection_lost(exc)
        self.wake()

    def wake(self) -> None:
        """Stop the alarm of a connection between two requests."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was silent for long."""
        self._close()

    def shutdown(self) -> None:
        """Close once the request in work is answered."""
        super().shutdown()
        if self.transport.is_closing():
            self._leave_soon()

    def _close(self) -> None:
        self.transport.close()
        self._leave_soon()

    def _linger(self) -> None:
        """Send no more, and read what still comes for a moment: closing at once would reset a client that sends."""
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._leave_soon()

    def _leave_soon(self) -> None:
        self._ring(self.limits.deadline if self._waiting() else _LINGER_SECONDS, self._leave)

    def _leave(self) -> None:
        if self in self._unread:  # which is watched
            self._ring(self.limits.deadline, self._leave)
        else:
            self.transport.abort()

    def _ring(self, seconds: float, what: Callable[[], None]) -> None:
        self._silence()
        self._alarm = self.loop.call_later(seconds, self._rung, what)

    def _rung(self, what: Callable[[], None]) -> None:
        self._alarm = None
        what()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _watch(self) -> None:
        self._unread[self] = self.loop.call_later(self.limits.deadline, self._judge, self._waiting())

    def _forget(self) -> None:
        watch = self._unread.pop(self, None)
        if watch is not None:
            watch.cancel()

    def _judge(self, before: int) -> None:
        if self._waiting() > before - _PROGRESS:
            self._drop("the answer is not read")
        else:
            self._watch()

    def _waiting(self) -> int:
        return self.transport.get_write_buffer_size()

    def _drop(self, reason: str) -> None:
        refused_early(self.client, "-", b"", _NOT_READ, reason)
        self._forget()
        self.transport.abort()


class Closing:
    """The transport as the answer to a connection's last request sees it.

    Args:
        transport: The connection's.
        end: Called in place of closing it.
    """

    def __init__(self, transport: asyncio.Transport, end: Callable[[], None]) -> None:
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, end
