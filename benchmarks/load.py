"""A load generator for one path on this machine: keep-alive connections on raw sockets, no HTTP library in the way.

    python benchmarks/load.py PORT CONNECTIONS SECONDS PATH < body

prints {"answered", "failed", "seconds", "p50_ms", "p99_ms"}.
"""

import asyncio
import json
import statistics
import sys
import time


class Client(asyncio.Protocol):
    """One connection: sends the request again as soon as its answer is complete."""

    def __init__(self, request: bytes, until: float) -> None:
        self._request, self._until = request, until
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
        self._transport.write(self._request)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":", 1)[1])
    return 0


async def load(port: int, connections: int, seconds: float, path: str, body: bytes) -> dict[str, float]:
    """Send `body` over and over and return how that went."""
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    head += f"content-length: {len(body)}\r\n\r\n"
    loop, started = asyncio.get_running_loop(), time.perf_counter()
    clients = [Client(head.encode() + body, started + seconds) for _ in range(connections)]
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
    figures = load(int(port), int(connections), float(seconds), path, sys.stdin.buffer.read())
    print(json.dumps(asyncio.run(figures)))


if __name__ == "__main__":
    main()
