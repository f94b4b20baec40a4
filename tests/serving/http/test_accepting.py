"""Connections that wait at the port are taken together, however long a turn of the loop takes."""

import asyncio
import socket
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
import uvloop

from serving.http.accepting import Accepting

pytestmark = pytest.mark.slow
MANY = 100
TURN = 0.02  # seconds


class Busy(asyncio.Protocol):
    """A connection whose loop works for a while in each turn."""

    made = 0
    first = True

    def __init__(self, accepting: Accepting, server: Any) -> None:
        self._accepting, self._server = accepting, server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Busy.made += 1
        nodelay = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert nodelay, "as of those that the loop takes"
        if self.first:
            self._accepting.take(self._server, asyncio.get_running_loop(), self.other)

    def other(self) -> "Busy":
        other = Busy(self._accepting, self._server)
        other.first = False
        return other


async def taken_in(turns: int) -> int:
    """Return how many of many clients are taken in so many turns of the loop."""
    loop, accepting, Busy.made = asyncio.get_running_loop(), Accepting(), 0
    mine = SimpleNamespace(servers=[])
    server = await loop.create_server(lambda: Busy(accepting, mine), "127.0.0.1", 0, backlog=MANY)
    mine.servers.append(server)
    clients = [socket.create_connection(server.sockets[0].getsockname()) for _ in range(MANY)]
    for _ in range(turns):
        time.sleep(TURN)
        await asyncio.sleep(0)
    for client in clients:
        client.close()
    server.close()
    await server.wait_closed()
    return Busy.made


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
def test_all_that_wait_are_taken_in_a_few_turns(run: Any) -> None:
    assert run(taken_in(5)) == MANY


def test_nobody_is_taken_where_the_port_is_closed() -> None:
    async def closed() -> None:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        server.close()
        Accepting().take(cast(uvicorn.Server, SimpleNamespace(servers=[server])), asyncio.get_running_loop(), Fails)

    uvloop.run(closed())


class Fails(asyncio.Protocol):
    def __init__(self) -> None:
        raise AssertionError("nobody came")
