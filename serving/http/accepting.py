"""Connections that wait at the port are taken together.

uvloop takes one of them in each turn of its loop. Where a turn takes long, because many others are worked on, those
that wait at the port would wait for as many turns, and nobody would count them.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

_AT_ONCE = 32  # connections; the next ones are taken in the next turn


class Accepting:
    """Takes what waits at the port behind a connection that the loop has taken from it."""

    def __init__(self) -> None:
        self._begun = set[asyncio.Task[Any]]()  # the loop itself keeps only weak references

    def take(
        self,
        server: uvicorn.Server,
        loop: asyncio.AbstractEventLoop,
        protocol: Callable[[], asyncio.Protocol],
        room: int,
    ) -> None:
        """Take those that wait; to be called where the loop has just taken one, so that the port is open.

        Args:
            server: Whose port it is.
            loop: The running loop.
            protocol: Makes the protocol of a connection.
            room: How many may be taken.
        """
        for opened in server.servers:
            for listening in opened.sockets:
                for connection in _waiting(listening.fileno(), min(_AT_ONCE, room - len(self._begun))):
                    task = loop.create_task(loop.connect_accepted_socket(protocol, connection))
                    self._begun.add(task)
                    task.add_done_callback(self._begun.discard)


def _waiting(descriptor: int, most: int) -> list[socket.socket]:
    """Return connections that wait at a port."""
    found = list[socket.socket]()
    port = socket.socket(fileno=descriptor)
    try:
        while len(found) < most:
            found.append(port.accept()[0])
    except OSError:  # there are no more; or no descriptors are left, which the loop finds out with the next one
        return found
    finally:
        port.detach()
    return found
