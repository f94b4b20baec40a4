"""Many hostile requests against the real service: what it answers, what it costs, and who else is answered."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event, Thread

import httpx
import psutil
import pytest

from serving.process import services
from tests.serving import packages, processes
from tests.serving.conftest import Live
from tests.serving.http import hostile
from tests.soak import SOAKING, count

pytestmark = pytest.mark.untraced

REQUESTS = count(150, 5_000)
AT_ONCE = 8
GROWTH, LEFT = 200e6, 64e6  # bytes of memory, meanwhile and a minute later
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def test_hostile_requests_break_nothing_and_keep_nobody_out(live: Live) -> None:
    worker = processes.worker(live.home)
    log = services.status(live.home, "house")[0].deployment.log
    httpx.post(f"{live.url}/predict", json={"instances": [packages.ROW] * 1000})
    written, before = log.stat().st_size, worker.memory_info().rss
    with _good_client(live.url) as good, _memory(worker) as memory, ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda seed: _STATUS.findall(hostile.play(Random(seed), live.url)), range(REQUESTS))
        statuses = Counter(int(status) for answer in answers for status in answer)
    assert {status for status in statuses if status >= 500} <= {503, 504}, statuses
    assert len(statuses) > 5, "the generator asks for many things"
    assert good and set(good) == {200}, Counter(good)
    assert max(memory) - before < GROWTH
    assert "Traceback" not in log.read_bytes()[written:].decode("utf-8", "replace")
    assert processes.worker(live.home).pid == worker.pid
    if SOAKING:
        time.sleep(60)
        assert worker.memory_info().rss - before < LEFT


@contextmanager
def _good_client(url: str) -> Iterator[list[int]]:
    """Ask for predictions all the time, on a connection that stays and on new ones; gives the statuses."""
    statuses: list[int] = []

    def ask(stop: Event) -> None:
        with httpx.Client(timeout=10) as staying:
            while not stop.is_set():
                for client in (staying, httpx):
                    try:
                        response = client.post(f"{url}/predict", json={"instances": [packages.ROW]})
                        statuses.append(response.status_code)
                    except httpx.HTTPError:
                        statuses.append(0)
                stop.wait(0.02)

    with _beside(ask):
        yield statuses


@contextmanager
def _memory(worker: psutil.Process) -> Iterator[list[int]]:
    """Watch how much memory a process has."""
    seen = [worker.memory_info().rss]

    def watch(stop: Event) -> None:
        while not stop.wait(0.05):
            seen.append(worker.memory_info().rss)

    with _beside(watch):
        yield seen


@contextmanager
def _beside(work: Callable[[Event], None]) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=work, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
