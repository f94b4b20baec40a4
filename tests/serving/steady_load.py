"""Requests to a service at a steady rate, from a process of its own: tests.serving.steady_load PORT RATE CONNECTIONS.

The first line of its standard input is their body. They are sent when they are due, however long the ones before take;
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
from typing import Any

from schemas.home import ROOT

_Open = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_VERSION = re.compile(rb'"version": ?"([^"]*)"')
_KEPT = 32


class Client:
    """What sends, and counts."""

    def __init__(self, port: int, body: bytes, kept: int = _KEPT) -> None:
        self._port = port
        head = "POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}"
        self._kept, self._single = (f"{head}{more}\r\n\r\n".encode() + body for more in ("", "\r\nconnection: close"))
        self._free: asyncio.LifoQueue[_Open | None] = asyncio.LifoQueue()  # None: one may be opened
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
        again: _Open | None = None
        try:
            again = await self._asked(free, started, kept=kept)
        except (OSError, asyncio.IncompleteReadError, AttributeError) as error:
            self.failed.append(repr(error))
        if kept:
            self._free.put_nowait(again)

    async def _asked(self, free: "_Open | None", started: float, *, kept: bool) -> "_Open | None":
        """Send one request and read its answer; return the connection where it is good for another one."""
        if free is not None and free[0].at_eof():  # closed while nobody used it
            free = None
        reader, writer = free or await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self._kept if kept else self._single)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))  # type: ignore[union-attr]
            answer = await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        found = _VERSION.search(answer)
        if b" 200 " not in head[:16] or found is None:
            self.failed.append(head[:40].decode() + answer[:200].decode())
            self.refused[f"{head[9:12].decode()}{' with' if b'retry-after' in head else ' without'} Retry-After"] += 1
        else:
            self.seconds.append(time.perf_counter() - started)
            self.answered[found.group(1).decode()] += 1
        if kept and b"\r\nconnection: close" not in head.lower():
            return reader, writer
        writer.close()
        return None


async def send(port: int, rate: float, body: bytes, kept: int) -> Client:
    """Send until the standard input ends."""
    client, asked = Client(port, body, kept), set[asyncio.Task[None]]()
    loop = asyncio.get_running_loop()
    over = loop.run_in_executor(None, sys.stdin.buffer.read)
    started, sent = time.perf_counter(), 0
    while not over.done():
        while sent < (time.perf_counter() - started) * rate:
            task = loop.create_task(client.ask(kept=sent % 8 != 0))
            asked.add(task)
            task.add_done_callback(asked.discard)
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*asked)
    return client


@contextmanager
def steady_load(port: int, rate: float, body: bytes, kept: int = _KEPT) -> Iterator[dict[str, Any]]:
    """Send requests while the block runs; what became of them is in the dictionary afterwards."""
    command = [sys.executable, "-m", "tests.serving.steady_load", str(port), str(rate), str(kept)]
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
    port, rate, kept = sys.argv[1:]
    body = sys.stdin.buffer.readline().strip()
    client = asyncio.run(send(int(port), float(rate), body, int(kept)))
    slowest = sorted(client.seconds)[int(0.99 * len(client.seconds))] if client.seconds else None
    print(json.dumps({"answered": client.answered, "failed": client.failed, "refused": client.refused, "p99": slowest}))


if __name__ == "__main__":
    main()
