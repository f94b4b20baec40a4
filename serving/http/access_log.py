"""One line of JSON for each request, on standard output, if that is wanted; written by a thread, and bounded."""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ml.values.display import plain_line
from serving.http.whole import CYCLE
from serving.keys.key import masked

REQUEST = "drivetrain.request"
"""Of a request, its id, the version that answered it, and how many rows it had."""

_MOST = 10_000  # lines that wait to be written
_EVERY = 0.2  # seconds
_PATH = 200  # characters


class _Line(NamedTuple):
    time: float
    method: str
    path: str
    status: int
    seconds: float
    bytes: int
    request: tuple[str, str, int] | None


class AccessLog:
    """Writes who was answered what: no values, no keys, no query. What is too much to be written is counted.

    Args:
        worker: The number of this worker.
        write: Takes bytes, whole lines.
    """

    def __init__(self, worker: int, write: Callable[[bytes], object] = lambda lines: os.write(1, lines)) -> None:
        self._worker, self._write = worker, write
        self._waiting: deque[_Line] = deque()
        self._dropped = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application that answers as `app` does, and notes it."""

        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            started, status, size = time.perf_counter(), 0, 0
            scope.pop(CYCLE, None)  # by which an answer is written past `send`

            async def sending(message: Message) -> None:
                nonlocal status, size
                if message["type"] == "http.response.start":
                    status = message["status"]
                else:
                    size += len(message.get("body", b""))
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                self._add(scope, status or 499, time.perf_counter() - started, size)

        return noting

    @property
    def dropped(self) -> int:
        """How many lines were too many."""
        return self._dropped

    def stop(self) -> None:
        """Write what waits."""
        self._stopped.set()
        self._thread.join()

    def _add(self, scope: Scope, status: int, seconds: float, size: int) -> None:
        if len(self._waiting) >= _MOST:
            self._dropped += 1
            return
        self._waiting.append(
            _Line(time.time(), scope["method"], scope["path"], status, seconds, size, scope.get(REQUEST))
        )

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        lines = list[str]()
        with suppress(IndexError):
            while len(lines) < _MOST:
                lines.append(self._text(self._waiting.popleft()))
        with suppress(OSError):  # a full disk ends no service
            text = "".join(lines).encode()
            while text:
                text = text[self._written(text) :]

    def _written(self, text: bytes) -> int:
        count = self._write(text)
        return count if isinstance(count, int) else len(text)

    def _text(self, line: _Line) -> str:
        kept = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(line.time))}.{int(line.time % 1 * 1000):03d}Z",
            "method": plain_line(line.method, 20),
            "path": plain_line(masked(line.path), _PATH),
            "status": line.status,
            "seconds": round(line.seconds, 6),
            "bytes": line.bytes,
            "worker": self._worker,
        }
        if line.request is not None:
            kept |= dict(zip(("request_id", "version", "rows"), line.request, strict=True))
        return json.dumps(kept) + "\n"
