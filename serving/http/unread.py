"""The half of a connection that sends: an answer that is not read is dropped with its connection."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from schemas.run import DeploySpec
from serving.http.refusal_log import refused_early

_PROGRESS = 65_536  # bytes that a client must take within a deadline while more of an answer waits
_NOT_READ = 499  # no response says so: nobody reads


class Sending(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on what waits to be read.

    uvicorn calls `pause_writing` once more than 64 KB wait, and `resume_writing` once few do.
    """

    limits: ClassVar[DeploySpec] = DeploySpec()
    _unread: ClassVar[dict["Sending", None]] = {}  # who has much to read, the longest-waiting first
    _patience: asyncio.TimerHandle | None = None
    _left = 0

    def pause_writing(self) -> None:
        """Watch the client, and let go of the slowest while all of them together leave too much."""
        super().pause_writing()
        self._unread[self] = None
        self._watch()
        waiting = sum(one._waiting() for one in self._unread)
        for slowest in list(self._unread):
            if waiting <= self.limits.held:
                return
            waiting -= slowest._waiting()
            slowest._drop("answers that are not read fill the memory set aside for them")

    def resume_writing(self) -> None:
        """Stop watching."""
        super().resume_writing()
        self._unread.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _watch(self) -> None:
        self._left = self._waiting()
        self._patience = self.loop.call_later(self.limits.deadline, self._judge)

    def _judge(self) -> None:
        if self._waiting() > self._left - _PROGRESS:
            self._drop("the answer is not read")
        else:
            self._watch()

    def _waiting(self) -> int:
        return self.transport.get_write_buffer_size()

    def _drop(self, reason: str) -> None:
        refused_early(self.client, "-", b"", _NOT_READ, reason)
        self._unread.pop(self, None)
        self.transport.abort()
