"""HTTP as bytes on a socket, for requests that no client library sends."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.serving import packages

HEAD = b"POST /predict HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"instances": [packages.ROW]}).encode()
GOOD = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@dataclass(frozen=True)
class Answer:
    """One response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        """The message of an error, which has the form of the contract."""
        assert self.headers["content-type"] == "application/json"
        found: Any = json.loads(self.body)["error"]["message"]
        assert isinstance(found, str)
        return found


@contextmanager
def connection(url: str, timeout: float = 10.0) -> Iterator[socket.socket]:
    """Open one connection."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=timeout) as opened:
        yield opened


def exchange(opened: socket.socket, request: bytes) -> Answer:
    """Send a request and read its response; the connection stays."""
    opened.sendall(request)
    content = b""
    while True:
        chunk = opened.recv(65_536)
        assert chunk, "closed before the response was whole"
        content += chunk
        head, found, rest = content.partition(b"\r\n\r\n")
        if found and len(rest) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0"):
            return answers(content)[0]


def read_all(opened: socket.socket) -> bytes:
    """Return all that comes until the other end closes."""
    chunks = []
    while chunk := opened.recv(65_536):
        chunks.append(chunk)
    return b"".join(chunks)


def answers(content: bytes, methods: tuple[str, ...] = ()) -> list[Answer]:
    """Split a stream of responses with lengths."""
    found: list[Answer] = []
    while content:
        head, _, rest = content.partition(b"\r\n\r\n")
        line, *pairs = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (pair.split(": ", 1) for pair in pairs)}
        assert len(headers) == len(pairs), "no header twice"
        is_head = len(methods) > len(found) and methods[len(found)] == "HEAD"
        length = 0 if is_head else int(headers.get("content-length", 0))
        found.append(Answer(int(line.split()[1]), headers, rest[:length]))
        content = rest[length:]
    return found


def ask(url: str, *parts: bytes) -> list[Answer]:
    """Send bytes and return the responses; the other end closes."""
    with connection(url) as opened:
        for part in parts:
            opened.sendall(part)
        return answers(read_all(opened))
