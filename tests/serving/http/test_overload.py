"""Three times what a service can answer: it refuses early and in order, and answers the others soon."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest

from schemas.deploy_spec import DeploySpec
from serving.process import services
from serving.process.deploy import deploy
from tests.serving import packages
from tests.serving.by_wrk import most_per_second
from tests.serving.conftest import Live
from tests.serving.http.wire import GOOD, HEAD
from tests.serving.processes import worker
from tests.serving.steady_load import steady_load
from tests.soak import SOAKING, count

pytestmark = pytest.mark.untraced
ROWS = 600
BODY = json.dumps({"instances": [packages.ROW] * ROWS}).encode()
KEPT = 400  # connections


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[services.Status]:
    """A service that nobody else asks."""
    home = tmp_path_factory.mktemp("calm")
    deploy(home, "house", "1", str(packages.write_onnx(home / "packages" / "1")), DeploySpec())
    yield services.status(home, "house")[0]
    services.stop(home, "house")


def test_more_than_can_be_answered_is_refused_with_the_time_to_come_again(live: Live) -> None:
    port = int(live.url.rpartition(":")[2])
    with steady_load(port, 900, BODY, KEPT) as found:
        time.sleep(3.0)
    require_order(found)
    assert found["refused"] and found["answered"]["1"] > 50


def require_order(found: dict[str, Any]) -> None:
    """Whoever was not answered was told when to come again: no connection broke."""
    assert {*found["refused"]} <= {"429 with Retry-After", "503 with Retry-After", "504 with Retry-After"}, found
    assert sum(found["refused"].values()) == len(found["failed"]), found["failed"][-3:]


def test_clients_that_dribble_keep_nobody_out(live: Live) -> None:
    port = int(live.url.rpartition(":")[2])
    answered, failed = asyncio.run(beside_dribblers(port, count(60, 1_000), count(2, 60)))
    assert failed == [] and answered > count(20, 500)


async def beside_dribblers(port: int, dribblers: int, seconds: float) -> tuple[int, list[str]]:
    """Ask on a new connection, one request after another, while others send a byte now and then, or nothing."""
    begun = (HEAD[:20], HEAD + b"Content-Length: 5000\r\n\r\n{", b"")
    slow = [asyncio.ensure_future(dribble(port, begun[place % 3], place)) for place in range(dribblers)]
    await asyncio.sleep(dribblers / 1_000)
    answered, failed, ends = 0, list[str](), time.monotonic() + seconds
    while time.monotonic() < ends:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GOOD)
        line = await reader.readline()
        answered += b" 200 " in line
        failed += [] if b" 200 " in line else [line.decode()]
        writer.close()
        await asyncio.sleep(0.02)
    for one in slow:
        one.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    return answered, failed


async def dribble(port: int, begun: bytes, place: int) -> None:
    await asyncio.sleep(place / 1_000)
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            while not reader.at_eof():
                writer.write(begun[:1])
                await writer.drain()  # which raises once the connection is lost
                await asyncio.sleep(0.5)
            writer.close()
        await asyncio.sleep(0.5)


@pytest.mark.skipif(not SOAKING, reason="takes minutes, and the whole machine")
def test_at_three_times_its_capacity_who_is_answered_waits_at_most_twice_as_long(calm: services.Status) -> None:
    port = calm.deployment.port
    capacity = _capacity(port)
    with steady_load(port, 0.7 * capacity, BODY, KEPT, at_random=True) as usual:
        time.sleep(count(5, 100))  # as long as it takes to meet what the disk does now and then
    one = worker(calm.deployment.log.parent.parent)
    with steady_load(port, 3 * capacity, BODY, KEPT, at_random=True) as found:
        time.sleep(20)
        before = resident(one)
        time.sleep(count(5, 280))
        after = resident(one)
    answered = found["answered"]["1"] / sum([*found["answered"].values(), *found["refused"].values()])
    p99 = f"p99 {1e3 * usual['p99']:.1f} ms, {1e3 * found['p99']:.1f} ms"
    said = f"{capacity:.0f}/s, {answered:.0%} answered; {p99}; {after - before:,} bytes"
    print(said, found["refused"], found["answered"])
    require_order(found)
    assert usual["failed"] == [] and answered > 0.2, said
    assert usual["p99"] < 15 / capacity, f"{said}: something else took the machine's time"
    assert found["p99"] <= 2 * usual["p99"] and after - before < 32 * 2**20, said


def _capacity(port: int) -> float:
    """Return how many are answered a second beside this client, which takes more of the machine than `wrk` does."""
    most, seconds = most_per_second(port, BODY, 2), count(3, 20)
    with steady_load(port, 3 * most, BODY, KEPT) as found:
        time.sleep(seconds)
    time.sleep(1)  # none is refused: the strict limit ends
    capacity = float(found["answered"]["1"] / seconds)
    assert capacity > 0.5 * most, "so much of the time is left for answers"
    return capacity


def resident(one: psutil.Process) -> int:
    return int(one.memory_info().rss)
