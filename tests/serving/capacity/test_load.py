"""The load itself, against a server of which it is known what it can do."""

import asyncio
import random
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from schemas.capacity import Trial
from schemas.errors import DeploymentError
from serving.capacity import load as module
from serving.capacity.client import Client
from serving.capacity.load import Order, Trials, loaded
from serving.capacity.measure import loaded_apart
from serving.capacity.search import best
from serving.capacity.trial import tried

pytestmark = pytest.mark.slow


class OneAtATime(asyncio.Protocol):
    """Answers each request `seconds` after the one before, whoever sent it; `bad` bodies are refused at once."""

    free_at = 0.0

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        if data.endswith(b"bad"):
            self._answer(422)
            return
        OneAtATime.free_at = max(OneAtATime.free_at, loop.time()) + self._seconds
        loop.call_at(OneAtATime.free_at, self._answer, 200)

    def _answer(self, status: int) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status)  # type: ignore[attr-defined]


@asynccontextmanager
async def serving(seconds: float) -> AsyncIterator[int]:
    OneAtATime.free_at = 0.0
    server = await asyncio.get_running_loop().create_server(lambda: OneAtATime(seconds), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def load(seconds_each: float, **order: float | list[str]) -> Trials:
    async def run() -> Trials:
        async with serving(seconds_each) as port:
            usual = {"bodies": ["{}"], "connections": 64, "budget": 0.05, "seconds": 4, "requests": 100_000}
            return await loaded(Order.model_validate({"port": port, **usual, **order}))

    return asyncio.run(run())


@pytest.mark.untraced
def test_what_a_server_can_do_is_found() -> None:
    """It can do 100 a second; how near to that 99 of 100 are answered in time depends on how long is looked."""
    found = load(0.01, budget=0.25)
    chosen = best(found.trials, 0.25)
    assert chosen is not None and 0.5 * 100 < chosen.answered / chosen.seconds < 1.3 * 100, found


def test_what_is_plainly_too_much_is_cut_off_and_leaves_nothing_in_work() -> None:
    async def run() -> tuple[Trial, int]:
        async with serving(0.002) as port:
            client = Client(port, [b"{}"], 32)
            return await tried(client, 3_000, 3.0, 0.05, random.Random(0), 100_000), client.outstanding

    trial, outstanding = asyncio.run(run())
    assert trial.cut_off and trial.seconds < 2 and not trial.holds(0.05) and outstanding == 0
    assert trial.sent == trial.answered + sum(trial.refused.values())


def test_time_and_requests_are_bounds() -> None:
    started = time.monotonic()
    found = load(0.0005, seconds=2, requests=700)
    assert time.monotonic() - started < 4 and found.sent <= 700 + 1


@pytest.mark.parametrize("rest", [5.0, 60.0])
def test_it_rests_before_another_rate_alone_and_never_beyond_its_time(
    monkeypatch: pytest.MonkeyPatch, rest: float
) -> None:
    did, sleep, rates = list[float | bool](), asyncio.sleep, list[float]()

    async def tried(_: Client, rate: float, *__: Any) -> Trial:
        """Take half as much again as the first rate."""
        rates.append(rate)
        did.append(is_too_much := rate > 1.5 * rates[0])
        return Trial(rate=rate, began=0.0, ended=1.0, sent=1, answered=1, p50=0.01, p99=0.01, cut_off=is_too_much)

    async def slept(seconds: float) -> None:
        if seconds:
            did.append(seconds)
        await sleep(0)

    monkeypatch.setattr(module, "tried", tried)
    monkeypatch.setattr(asyncio, "sleep", slept)
    load(0.0, seconds=30, rest=rest)
    rests = [place for place, one in enumerate(did) if one == rest]
    assert rests == [place + 1 for place, one in enumerate(did[:-1]) if one is True], "only what another rate follows"
    assert len(rests) > 2 if rest == 5.0 else did == [False, True]


def test_a_load_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, timeout: float, **__: Any) -> None:
        raise subprocess.TimeoutExpired("load", timeout)

    monkeypatch.setattr(subprocess, "run", run)
    order = Order(port=1, bodies=["{}"], connections=8, budget=0.05, seconds=10, requests=1_000)
    with pytest.raises(DeploymentError, match=r"did not end within 70 s, .* 10 s \(capacity.seconds\)"):
        loaded_apart(order)


def test_a_slow_service_is_not_asked_for_every_body_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHOOSING", 0.03)
    monkeypatch.setattr(module, "_WARM", 0)
    found = load(0.02, bodies=["bad", *["{}"] * 50], seconds=0.1, requests=1_000)
    assert found.skipped == 1 and 2 <= found.sent < 10, "a good one at least, and no time for a trial"


def test_bodies_that_are_refused_are_left_out() -> None:
    assert load(0.001, bodies=["{}", "bad"], requests=500).skipped == 1
    assert load(0.001, bodies=["bad"]).trials == []
