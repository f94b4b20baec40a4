"""Requests to a service at a steady rate, from a process of its own: tests.serving.steady_load PORT RATE CONNECTIONS.

The first line of its standard input is their body. They are sent when they are due, however long the ones before take:
one after another, or with `random` behind at random times, as of clients that know nothing of each other (Poisson);
every eighth comes on a connection of its own, the others on connections that are kept. Ends with its standard input,
and prints what was answered as JSON.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from schemas.home import ROOT

_VERSION = re.compile(rb'"version": ?"([^"]*)"')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_KEPT = 32
EVERY = 8


class Client:
    """What sends, and counts."""

    def __init__(self, port: int, body: bytes, kept: int = _KEPT) -> None:
        self._port = port
        head = "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}"
        self._kept, self._single = (f"{head}{more}\r\n\r\n".encode() + body for more in ("", "\r\nconnection: close"))
        self._free: asyncio.LifoQueue[_Connection | None] = asyncio.LifoQueue()  # None: one may be opened
        for _ in range(kept):
            self._free.put_nowait(None)
        self.answered: Counter[str] = Counter()
        self.failed: list[str] = []
        self.refused: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def ask(self, *, kept: bool) -> None:
        """Send one request and note what becomes of it."""
        started = time.perf_counter()
        free = await self._free.get() if kept else None
        again: _Connection | None = None
        try:
            connection = free if free is not None and not free.is_closed else await self._connected()
            answer = await connection.asked(self._kept if kept else self._single)
            self._note(answer, started)
            if kept and not connection.ends:
                again = connection
            else:
                connection.close()
        except OSError as error:
            self.failed.append(repr(error))
        if kept:
            self._free.put_nowait(again)

    async def _connected(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Connection, "127.0.0.1", self._port))[1]

    def _note(self, answer: bytes, started: float) -> None:
        found = _VERSION.search(answer)
        if b" 200 " in answer[:16] and found is not None:
            self.seconds.append(time.perf_counter() - started)
            self.answered[found.group(1).decode()] += 1
            return
        head, _, text = answer.partition(_END)
        self.failed.append(head[:40].decode() + text[:200].decode())
        self.refused[f"{head[9:12].decode()}{' with' if b'retry-after' in head else ' without'} Retry-After"] += 1


class _Connection(asyncio.Protocol):
    """One connection, with one request at a time; `ends` says that the service closes it after its last answer."""

    def __init__(self) -> None:
        self._data = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_closed = self.ends = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def asked(self, content: bytes) -> "asyncio.Future[bytes]":
        """Send a request; what becomes of it is its answer, or ConnectionError."""
        assert self._transport is not None, "connected"
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(content)
        return self._answer

    def close(self) -> None:
        assert self._transport is not None, "connected"
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._data = data = self._data + data
        end = data.find(_END)
        length = _LENGTH.search(data, 0, end + 2) if end >= 0 else None
        if length is None or len(data) < end + len(_END) + int(length[1]):
            return
        self.ends = b"\r\nconnection: close" in data[: end + 2].lower()
        answer, self._answer, self._data = self._answer, None, b""
        if answer is not None:
            answer.set_result(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True
        if self._answer is not None:
            self._answer.set_exception(ConnectionError(f"closed before its answer: {exc}, {self._data[:40]!r}"))


async def send(port: int, rate: float, body: bytes, kept: int, *, at_random: bool) -> Client:
    """Send until the standard input ends."""
    client, asked, chance = Client(port, body, kept), set[asyncio.Task[None]](), Random(0)
    loop = asyncio.get_running_loop()
    over = loop.run_in_executor(None, sys.stdin.buffer.read)
    due, sent = time.perf_counter(), 0
    while not over.done():
        while due < time.perf_counter():
            due += chance.expovariate(rate) if at_random else 1 / rate
            task = loop.create_task(client.ask(kept=sent % EVERY != 0))
            asked.add(task)
            task.add_done_callback(asked.discard)
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*asked)
    return client


@contextmanager
def steady_load(
    port: int, rate: float, body: bytes, kept: int = _KEPT, *, at_random: bool = False
) -> Iterator[dict[str, Any]]:
    """Send requests while the block runs; what became of them is in the dictionary afterwards."""
    command = [sys.executable, "-m", "tests.serving.steady_load", str(port), str(rate), str(kept)]
    command += ["random"] * at_random
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(body.decode() + "\n")
    process.stdin.flush()
    found: dict[str, Any] = {}
    try:
        yield found
    finally:
        found.update(json.loads(process.communicate()[0] or "{}"))


def main() -> None:
    """Send, and print what became of it."""
    port, rate, kept, *more = sys.argv[1:]
    body = sys.stdin.buffer.readline().strip()
    client = asyncio.run(send(int(port), float(rate), body, int(kept), at_random=more == ["random"]))
    slowest = sorted(client.seconds)[int(0.99 * len(client.seconds))] if client.seconds else None
    print(json.dumps({"answered": client.answered, "failed": client.failed, "refused": client.refused, "p99": slowest}))


if __name__ == "__main__":
    main()
