"""A client that sends requests when they are due, however long the ones before take; on connections that are kept."""

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Sequence

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


class Client:
    """Asks one service on this machine.

    Args:
        port: Where it listens.
        requests: Whole requests, head and body, which are sent in turn.
        most: Connections at once; what is due beyond them waits, and that counts.

    `seconds` are the latencies of what was answered with 200, the last of it at `last` (time.perf_counter).
    """

    def __init__(self, port: int, requests: Sequence[bytes], most: int) -> None:
        self._port, self._requests, self._most = port, requests, most
        self._free: list[_Connection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._open = self._turn = 0
        self.outstanding = self.sent = 0
        self.seconds: list[float] = []
        self.last = 0.0
        self.refused: Counter[str] = Counter()

    async def open(self, count: int) -> None:
        """Open connections ahead. Raises OSError."""
        for _ in range(min(count, self._most) - self._open):
            self._free.append(await self._connected())

    def forget(self) -> None:
        """Begin to count anew; connections stay."""
        self.sent, self.seconds, self.refused = 0, [], Counter()

    def ask(self, due: float) -> None:
        """Send the next request, which was due at a time (time.perf_counter)."""
        content = self._requests[self._turn % len(self._requests)]
        self._turn += 1
        self.sent += 1
        self.outstanding += 1
        if self._free:
            self._free.pop().ask(content, due)
            return
        self._waiting.append((content, due))
        if self._open < self._most:
            self._open += 1
            asyncio.get_running_loop().create_task(self._another())

    def give_up(self) -> int:
        """Leave out what waits for a connection; return how many that were."""
        count = len(self._waiting)
        self._waiting.clear()
        self.outstanding -= count
        return count

    def close(self) -> None:
        """Close what is idle."""
        for connection in self._free:
            connection.close()

    def answered(self, connection: "_Connection", status: bytes, due: float) -> None:
        """Note an answer; its connection takes what waits."""
        self.outstanding -= 1
        if status == b"200":
            self.last = time.perf_counter()
            self.seconds.append(self.last - due)
        else:
            self.refused[status.decode("latin-1")] += 1
        self._give(connection)

    def lost(self, connection: "_Connection", *, in_work: bool) -> None:
        """Note the end of a connection."""
        self._open -= 1
        if in_work:
            self.outstanding -= 1
            self.refused["no answer"] += 1
        elif connection in self._free:
            self._free.remove(connection)

    async def _connected(self) -> "_Connection":
        self._open += 1
        try:
            return await self._connect()
        except OSError:
            self._open -= 1
            raise

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._port)
        return connection

    async def _another(self) -> None:
        try:
            connection = await self._connect()
        except OSError:
            self._open -= 1
            if self._waiting:
                self._waiting.popleft()
                self.outstanding -= 1
                self.refused["no connection"] += 1
            return
        self._give(connection)

    def _give(self, connection: "_Connection") -> None:
        if connection.is_closing:
            return
        if self._waiting:
            connection.ask(*self._waiting.popleft())
        else:
            self._free.append(connection)


class _Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport: asyncio.Transport | None = None
        self._due: float | None = None
        self._data = b""
        self.is_closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write"), "a stream"
        self._transport = transport  # type: ignore[assignment]

    def ask(self, content: bytes, due: float) -> None:
        self._due = due
        assert self._transport is not None, "connected"
        self._transport.write(content)

    def close(self) -> None:
        self.is_closing = True
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._data = data = self._data + data if self._data else data
        end = data.find(_END)
        if end < 0:
            return
        length = _LENGTH.search(data, 0, end + 2)
        if length is None or len(data) < end + len(_END) + int(length[1]):
            return
        due, self._due, self._data = self._due, None, b""
        self.is_closing = self.is_closing or b"\r\nconnection: close" in data[: end + 2].lower()
        if due is not None:
            self._client.answered(self, data[9:12], due)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closing = True
        self._client.lost(self, in_work=self._due is not None)
