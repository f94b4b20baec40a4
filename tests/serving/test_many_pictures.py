"""Many large arrays in one request take little more memory than their text, and harm nothing else."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from schemas.deploy_spec import DeploySpec
from schemas.home import Home
from serving.journal import location
from serving.journal.predictions import window
from serving.process import records, services
from serving.process.deploy import deploy
from serving.process.members import members
from tests.serving import pictures
from tests.soak import count

NAME = "pictures"
PICTURES = count(150, 1000)
SPEC = DeploySpec(max_body=300_000_000, max_bodies=600_000_000, deadline=240, max_answer=100_000_000)
MOST = 3.0
"""Times the body that a request may take of memory; 2.0 were measured."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    deploy(home, NAME, "1", str(pictures.write(home / "packages" / "1")), SPEC)
    yield home
    services.stop(home, NAME)


def predict(home: Path, body: bytes) -> list[Any]:
    url = services.status(home, NAME)[0].deployment.url
    request = urllib.request.Request(f"{url}/predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as response:
        found: list[Any] = json.load(response)["predictions"]
    return found


@contextmanager
def watched(home: Path) -> Iterator[list[int]]:
    """Give the growth of the service's resident memory while the block runs, in bytes, as the one item of a list."""
    processes = members(records.settings_path(home, NAME))

    def resident() -> int:
        return sum(process.memory_info().rss for process in processes)

    before, grown, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            grown[0] = max(grown[0], resident() - before)
            time.sleep(0.005)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield grown
    finally:
        done.set()
        thread.join()


def test_a_request_of_many_pictures_takes_less_than_three_times_its_body(home: Path) -> None:
    assert psutil.pid_exists(members(records.settings_path(home, NAME))[0].pid)
    row = json.dumps({"picture": pictures.drawn(7)}, separators=(",", ":"))
    predict(home, f'{{"instances":[{row}]}}'.encode())  # what is made once is made
    body = f'{{"instances":[{",".join([row] * PICTURES)}]}}'.encode()
    with watched(home) as grown:
        found = predict(home, body)
    assert len(found) == PICTURES and {one["label"] for one in found} == {"light"}
    assert 0 < grown[0] < MOST * len(body), f"{grown[0]:,} bytes for a body of {len(body):,}"


def test_the_journal_holds_little_of_them(home: Path) -> None:
    row = json.dumps({"picture": pictures.drawn(8)}, separators=(",", ":"))
    predict(home, f'{{"instances":[{row}]}}'.encode())
    kept = window(location.journal_url(Home(home), NAME), rows=1).inputs[0]
    assert len(json.dumps(kept)) < 300 and set(kept["picture"]["summary"]) == {"brightness", "contrast"}
