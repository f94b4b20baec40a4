"""Connections that wait at the port are taken together, however long a turn of the loop takes."""

import asyncio
import os
import signal
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
import uvloop

from schemas.deploy_spec import DeploySpec
from serving.http.accepting import Accepting
from serving.http.connection import Connection
from serving.http.leaving import Leaving

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
            self._accepting.take(self._server, asyncio.get_running_loop(), self.other, MANY)

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
    assert run(taken_in(8)) == MANY


@pytest.mark.parametrize(("told", "most"), [(True, 1_000), (True, 10), (False, 1_000)])
def test_connections_of_a_worker_with_a_port_of_its_own_take_those_behind_them(
    told: bool, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, writes = os.pipe()
    config = uvicorn.Config(nobody_asks, lifespan="off", proxy_headers=False, log_config=None)
    config.load()
    server, leaving = uvicorn.Server(config), Leaving(told=writes if told else None)
    handlers = [(number, signal.signal(number, server.handle_exit)) for number in (signal.SIGTERM, signal.SIGINT)]
    monkeypatch.setattr(Connection, "leaving", leaving)
    monkeypatch.setattr(Connection, "limits", DeploySpec(max_connections=most))
    try:
        connected = uvloop.run(connected_in_six_turns(server, leaving))
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
        os.close(reads)
        os.close(writes)
    assert connected == 31 if told else connected <= 6, "a worker of `bentoml serve` leaves some to the others"


async def connected_in_six_turns(server: uvicorn.Server, leaving: Leaving) -> int:
    """Return how many of 31 clients are connected then."""
    loop = asyncio.get_running_loop()
    leaving.install(loop)
    port = await loop.create_server(lambda: Connection(server.config, server.server_state, {}, loop), "127.0.0.1", 0)
    server.servers = [port]
    clients = [socket.create_connection(port.sockets[0].getsockname()) for _ in range(31)]
    for _ in range(6):
        await asyncio.sleep(0)
    connected = len(server.server_state.connections)
    for client in clients:
        client.close()
    port.close()
    while server.server_state.connections:
        await asyncio.sleep(0.001)
    return connected


async def nobody_asks(scope: object, receive: object, send: object) -> None:
    raise AssertionError("nobody asks")
