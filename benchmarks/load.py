"""A load generator for one path on this machine: keep-alive connections on raw sockets, no HTTP library in the way.

    python benchmarks/load.py PORT CONNECTIONS SECONDS PATH < bodies

sends one body after another, a line each, and prints {"answered", "failed", "seconds", "p50_ms", "p99_ms"}.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle


class Client(asyncio.Protocol):
    """One connection: sends the next request as soon as the answer to the last is complete."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self._requests, self._until = requests, until
        self._buffer = b""
        self.done = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Note a whole response and, before the end of the time, send the next request."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _length(head):
            return
        self._buffer = b""
        self.failed += not head.startswith(b"HTTP/1.1 200")
        self.latencies.append(time.perf_counter() - self._sent)
        if time.perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits that it is over; a lost connection counts as a failure."""
        self.failed += error is not None
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":", 1)[1])
    return 0


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def load(port: int, connections: int, seconds: float, path: str, bodies: Sequence[bytes]) -> dict[str, float]:
    """Send the bodies one after another, again and again, and return how that went."""
    requests = cycle([_request(path, body) for body in bodies])
    loop, started = asyncio.get_running_loop(), time.perf_counter()
    clients = [Client(requests, started + seconds) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    latencies = sorted(latency for client in clients for latency in client.latencies)
    return {
        "answered": len(latencies) - sum(client.failed for client in clients),
        "failed": sum(client.failed for client in clients),
        "seconds": time.perf_counter() - started,
        "p50_ms": statistics.median(latencies) * 1e3,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1e3,
    }


def main() -> None:
    """Run one load and print its figures."""
    port, connections, seconds, path = sys.argv[1:]
    figures = load(int(port), int(connections), float(seconds), path, sys.stdin.buffer.read().splitlines())
    print(json.dumps(asyncio.run(figures)))


if __name__ == "__main__":
    main()
