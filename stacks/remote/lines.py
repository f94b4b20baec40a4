"""JSON, a line a message, over a socket. Light: what runs steps begins with it."""

import json
import select
import socket
from collections.abc import Iterator
from typing import Any

_CHUNK = 65_536


class Lines:
    """Both directions of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._rest = b""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; waits while the other side does not read.

        Raises:
            OSError: If the other side is gone.
        """
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def received(self, seconds: float) -> list[dict[str, Any]]:
        """Return the messages that come within `seconds`, as soon as there are any.

        Raises:
            EOFError: If the other side is gone, and nothing of it is left to read.
        """
        if not select.select([self.connection], [], [], seconds)[0]:
            return []
        try:
            read = self.connection.recv(_CHUNK)
        except ConnectionError:
            read = b""
        if not read:
            raise EOFError("the other side is gone")
        *whole, self._rest = (self._rest + read).split(b"\n")
        return [json.loads(line) for line in whole]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield messages until the other side is gone."""
        try:
            while True:
                yield from self.received(3600)
        except EOFError:
            return
