"""Who counts as waiting for an answer: not who reads slowly, nor who is connected and says nothing."""

import asyncio
import gc
import socket
import time
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from schemas.deploy_spec import DeploySpec
from serving.http.admission import LATE, Admission
from serving.http.clients import Clients
from serving.http.connection import Connection
from serving.http.errors import RETRY, HttpError, refuse
from serving.http.whole import write_whole

pytestmark = pytest.mark.slow
LARGE = 2_000_000  # bytes of an answer: several are more than a kernel keeps for a client
SIZES = {"/much": LARGE, "/more": 5 * LARGE}
WORK = 0.08  # seconds: ten who wait for each other do so for longer than a burst may


def asking(path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: service\r\ncontent-length: 0\r\n\r\n".encode()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer after some work, or much at once."""
    if LATE in scope:
        await refuse(scope, receive, send, HttpError(429, "too many", headers=RETRY))
        return
    if scope["path"] != "/early":
        await receive()
    content = b"x" * SIZES.get(scope["path"], 4)
    if scope["path"] == "/work":
        time.sleep(WORK)
    if not write_whole(scope, 200, (), content):
        length = (b"content-length", b"%d" % len(content))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": content})


def served(monkeypatch: pytest.MonkeyPatch, use: Callable[[int, Admission], Awaitable[None]]) -> None:
    """Serve the application by connections of ours, whose admission is new."""

    async def run() -> None:
        admission, loop = Admission(), asyncio.get_running_loop()
        for name, value in (("limits", DeploySpec()), ("admission", admission), ("clients", Clients())):
            monkeypatch.setattr(Connection, name, value)
        monkeypatch.setattr(Connection, "application", None)
        config = Config(application, lifespan="off", log_level="warning", proxy_headers=False)
        config.load()
        state = ServerState()
        server = await loop.create_server(lambda: Connection(config, state, {}, loop), "127.0.0.1", 0)
        await use(server.sockets[0].getsockname()[1], admission)
        server.close()
        for one in list(state.connections):
            one.transport.abort()
        await asyncio.sleep(0.01)

    asyncio.run(run())


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.01)


def test_who_leaves_answers_unread_waits_in_no_queue_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(port: int, admission: Admission) -> None:
        clients = []
        for _ in range(3):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(asking("/much") * 8)
            clients.append(client)
        await until(lambda: admission.elsewhere == 3)
        assert admission.waiting == 0
        clients[0].setblocking(False)
        read = 0
        while read < 8 * LARGE:
            read += len(await asyncio.get_running_loop().sock_recv(clients[0], LARGE))
        await until(lambda: admission.elsewhere == 2)
        for client in clients:
            client.close()
        await until(lambda: admission.elsewhere == 0)
        assert admission.waiting == 0

    served(monkeypatch, use)


def test_nor_whose_request_becomes_whole_while_its_answer_waits_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(port: int, admission: Admission) -> None:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(asking("/more") + asking("/early").replace(b"content-length: 0", b"content-length: 5"))
        await until(lambda: any(isinstance(one, Connection) and one.flow.write_paused for one in connections()))
        client.sendall(b"whole")
        await until(lambda: admission.elsewhere == 1)
        assert admission.waiting == 0
        client.close()
        await until(lambda: admission.elsewhere == 0)

    served(monkeypatch, use)


def test_who_was_refused_comes_again_and_who_was_answered_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(port: int, admission: Admission) -> None:
        for is_over in (False, True):
            monkeypatch.setattr(admission, "few", 0)
            monkeypatch.setattr(admission, "is_over", lambda clients, said=is_over: said)
            for _ in range(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(asking("/quick"))
                assert (b" 429 " in await reader.readline()) == is_over
                writer.close()
            await asyncio.sleep(0.05)  # for the connections' ends
            assert len(Connection.clients) == (3 if is_over else 0)

    served(monkeypatch, use)


def connections() -> list[object]:
    """Return the connections that live."""
    return [one for one in gc.get_objects() if type(one) is Connection]


@pytest.mark.parametrize("silent", [0, 100])
def test_connections_that_say_nothing_make_nobody_wait(monkeypatch: pytest.MonkeyPatch, silent: int) -> None:
    lines = []

    async def use(port: int, admission: Admission) -> None:
        async def client() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            until = time.monotonic() + 2.5
            while time.monotonic() < until:
                writer.write(asking("/work"))
                lines.append((await reader.readuntil(b"\r\n\r\n"))[:12])
                await reader.readexactly(4)
            writer.close()

        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(silent)]
        await asyncio.gather(*(client() for _ in range(10)))
        for _, writer in idle:
            writer.close()

    served(monkeypatch, use)
    assert {*lines} == {b"HTTP/1.1 200"} and len(lines) > 20


def test_clients_are_those_that_asked_in_this_period_or_the_one_before() -> None:
    now = 0.0
    clients = Clients(lambda: now)
    first = [clients.note(-1) for _ in range(5)]
    assert [clients.note(one) for one in first] == first and len(clients) == 5, "each is counted once"
    now = 2.5
    second = clients.note(first[0])
    assert second != first[0] and len(clients) == 5
    now = 4.5
    assert clients.note(second) != second and len(clients) == 1
    now = 60.0
    third = clients.note(-1)
    clients.note(-1)
    assert len(clients) == 2, "who asked a minute ago is forgotten"
    for _ in range(100):  # each request on a connection of its own
        clients.left(clients.note(-1))
    assert len(clients) == 2
    clients.left(-1)
    now = 62.5
    clients.note(third)
    clients.left(second)
    clients.left(third)
    assert len(clients) == 1
