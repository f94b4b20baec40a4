"""Requests that come behind each other on one connection, wherever the bytes are split; in memory."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from schemas.deploy_spec import DeploySpec
from serving.http.admission import LATE, Admission
from serving.http.connection import Connection
from tests.serving.http.wire import answers

FIRST = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
SECOND = b"GET /b HTTP/1.1\r\nHost: y\r\nOne: 1\r\nTwo: 2\r\n\r\n"
Seen = list[tuple[str, list[tuple[bytes, bytes]], bytes]]
BOTH = [
    ("/a", [(b"host", b"x"), (b"content-length", b"2")], b"{}"),
    ("/b", [(b"host", b"y"), (b"one", b"1"), (b"two", b"2")], b""),
]


class Here(asyncio.Transport):
    """A transport to nowhere: what is written stays."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def write_eof(self) -> None: ...

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def told(chunks: list[bytes], seen: Seen, config: Config) -> tuple[Connection, Here]:
    """Return a connection that got these chunks, with time in between."""
    loop = asyncio.get_running_loop()
    one, here = Connection(config, ServerState(), {}, loop), Here()
    one.connection_made(here)
    for chunk in chunks:
        one.data_received(chunk)
        for _ in range(2):
            await asyncio.sleep(0)
    for _ in range(6):
        if len(seen) == len(BOTH):
            break
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    return one, here


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeploySpec]:
    """The limits of the connections of a test, which nothing else shares."""
    spec = DeploySpec(max_header=1024)
    monkeypatch.setattr(Connection, "limits", spec)
    monkeypatch.setattr(Connection, "admission", Admission())
    monkeypatch.setattr(Connection, "application", None)
    yield spec


def loaded(seen: Seen) -> Config:
    """Return a configuration whose application notes what it is asked."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        body, goes_on = b"", True
        while goes_on:
            message = await receive()
            body, goes_on = body + message["body"], message["more_body"]
        seen.append((scope["path"], list(scope["headers"]), body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    config = Config(application, lifespan="off", log_config=None, proxy_headers=False, access_log=False)
    config.load()
    return config


def test_two_requests_are_the_same_two_wherever_their_bytes_are_split(limits: DeploySpec) -> None:
    seen: Seen = []
    config, whole = loaded(seen), FIRST + SECOND

    async def split(*places: int) -> None:
        seen.clear()
        ends = [0, *places, len(whole)]
        one, here = await told([whole[a:b] for a, b in pairwise(ends)], seen, config)
        assert seen == BOTH, f"split at {places}"
        assert [answer.status for answer in answers(here.written)] == [200, 200], f"split at {places}"
        one.connection_lost(None)

    async def all_of_them() -> None:
        await split(*range(1, len(whole)))  # byte by byte
        for place in range(1, len(whole)):
            await split(place)
            for length in (1, 2, 4):  # a few bytes by themselves, which may be line ends
                if place + length < len(whole):
                    await split(place, place + length)

    asyncio.run(all_of_them())


def test_empty_lines_between_requests_begin_none(limits: DeploySpec) -> None:
    seen: Seen = []
    config = loaded(seen)

    async def tell() -> None:
        one, here = await told([FIRST + b"\r\n", b"\r\n", b"\r", b"\n", SECOND], seen, config)
        assert seen == BOTH and not here.closed
        one.connection_lost(None)

    asyncio.run(tell())


def test_a_head_that_begins_behind_a_request_has_the_bounds_of_any(limits: DeploySpec) -> None:
    seen: Seen = []
    config = loaded(seen)
    large = b"GET /b HTTP/1.1\r\nHost: y\r\nLarge: " + b"a" * 2 * limits.max_header

    async def tell() -> None:
        one, here = await told([FIRST + large, b"\r\n\r\n"], seen, config)
        assert [answer.status for answer in answers(here.written)] == [200, 431]
        one.connection_lost(None)

    asyncio.run(tell())


@pytest.mark.parametrize("is_over", [False, True])
def test_what_is_refused_because_too_much_waits_waits_for_nothing_itself(
    limits: DeploySpec, monkeypatch: pytest.MonkeyPatch, is_over: bool
) -> None:
    waiting, admission = list[int](), Connection.admission
    monkeypatch.setattr(admission, "few", 0)
    monkeypatch.setattr(admission, "is_over", lambda _connections: is_over)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        waiting.append(admission.waiting)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    config = Config(application, lifespan="off", log_config=None, proxy_headers=False, access_log=False)
    config.load()
    asyncio.run(told([FIRST], [], config))
    assert waiting == [0 if is_over else 1] and admission.waiting == 0


class Noting:
    """An application that notes how many wait while it answers, and whether it has a task of its own."""

    def __init__(self) -> None:
        self.waiting, self.in_task = list[int](), list[bool]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.waiting.append(Connection.admission.waiting)
        task = asyncio.current_task()
        self.in_task.append(task is not None and task.get_coro().__qualname__.endswith("run_asgi"))  # type: ignore[union-attr]
        status = 429 if LATE in scope else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    def loaded(self) -> Config:
        config = Config(self, lifespan="off", log_config=None, proxy_headers=False, access_log=False)
        config.load()
        return config


POSTED = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"


def test_what_is_too_much_is_refused_as_soon_as_it_is_read_and_the_connection_goes_on(
    limits: DeploySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting, spent = Noting(), list[float]()
    over = iter([True, True, False, False, True])
    monkeypatch.setattr(Connection.admission, "few", 0)
    monkeypatch.setattr(Connection.admission, "is_over", lambda _connections: next(over))
    monkeypatch.setattr(Connection.admission, "refused", spent.append)
    _one, here = asyncio.run(told([POSTED, POSTED, POSTED, POSTED], [], noting.loaded()))
    assert [answer.status for answer in answers(here.written)] == [429, 429, 200, 429]
    assert noting.in_task == [False, False, True, False] and len(spent) == 3 and min(spent) > 0
    assert noting.waiting == [0, 0, 1, 0] and Connection.admission.waiting == 0 and not here.closed


def test_what_became_too_much_while_it_was_sent_is_refused(limits: DeploySpec, monkeypatch: pytest.MonkeyPatch) -> None:
    over = iter([False, True])
    monkeypatch.setattr(Connection.admission, "few", 0)
    monkeypatch.setattr(Connection.admission, "is_over", lambda _connections: next(over))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await Noting()(scope, receive, send)

    config = Config(application, lifespan="off", log_config=None, proxy_headers=False, access_log=False)
    config.load()
    _, here = asyncio.run(told([POSTED[:-1], POSTED[-1:]], [], config))
    assert [answer.status for answer in answers(here.written)] == [429] and Connection.admission.waiting == 0


def test_a_request_behind_another_waits_from_when_its_turn_comes(limits: DeploySpec) -> None:
    noting = Noting()
    _one, here = asyncio.run(told([POSTED * 3], [], noting.loaded()))
    assert [answer.status for answer in answers(here.written)] == [200] * 3
    assert noting.waiting == [1, 1, 1] and Connection.admission.waiting == 0


def test_a_request_that_came_with_the_end_of_a_refused_one_is_not_cut_off_for_silence(
    limits: DeploySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, timers = iter([True, False, False]), list[asyncio.TimerHandle | None]()
    monkeypatch.setattr(Connection.admission, "few", 0)
    monkeypatch.setattr(Connection.admission, "is_over", lambda _connections: next(over))

    async def tell() -> None:
        one, here = await told([POSTED[:-1]], [], Noting().loaded())
        assert [answer.status for answer in answers(here.written)] == [429]
        one.data_received(POSTED[-1:] + POSTED)
        timers.append(one.timeout_keep_alive_task)

    asyncio.run(tell())
    assert timers == [None]
