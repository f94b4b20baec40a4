"""A service that is stopped or has a worker replaced under load loses no request."""

import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from schemas.run import DeploySpec
from serving.process import records, services
from serving.process.deploy import deploy
from serving.process.records import Deployment
from tests.serving import packages
from tests.serving.processes import gone, supervisor, worker
from tests.serving.steady_load import steady_load
from tests.soak import count

pytestmark = pytest.mark.untraced
BODY = json.dumps({"instances": [packages.ROW]}).encode()
RATE = count(100, 400)  # requests per second


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Path]:
    """A DRIVETRAIN_HOME that the tests start services in."""
    folder = tmp_path_factory.mktemp("home")
    yield folder
    if records.read(folder, "house") is not None:
        services.stop(folder, "house")


@pytest.fixture
def running(home: Path) -> Deployment:
    package = home / "packages" / "1"
    deploy(home, "house", "1", str(package if package.exists() else packages.write_rules(package)), DeploySpec())
    return records.find(home, "house")


def test_a_worker_that_is_told_to_end_loses_no_request_and_another_takes_its_place(
    home: Path, running: Deployment
) -> None:
    old = worker(home)
    with steady_load(running.port, RATE, BODY) as found:
        time.sleep(0.5)
        old.send_signal(signal.SIGTERM)
        assert refused(running.url) == "not ready: the service is about to stop"
        kept = httpx.post(f"{running.url}/predict", json={"instances": [packages.ROW]})
        assert kept.status_code == 200 and kept.headers["connection"] == "close"
        deadline = time.monotonic() + 20
        while not (gone(old.pid) and services.status(home, "house")[0].ready):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert found["failed"] == [] and found["answered"]["1"] > RATE / 2


def refused(url: str) -> str:
    deadline = time.monotonic() + 5
    while True:
        answer = httpx.get(f"{url}/readyz")
        if answer.status_code == 503 or time.monotonic() > deadline:
            return str(answer.json()["error"]["message"])


def test_a_service_that_is_stopped_under_load_answers_what_it_took_and_refuses_the_rest(
    home: Path, running: Deployment
) -> None:
    ended = threading.Thread(target=services.stop, args=(home, "house"))
    boss = supervisor(home)
    with steady_load(running.port, RATE, BODY) as found:
        time.sleep(0.5)
        ended.start()
        while ended.is_alive():
            time.sleep(0.01)
        assert gone(boss)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port), timeout=5)
    lost = [why for why in found["failed"] if not re.search("Connect call failed|Connection refused", why)]
    assert lost == [] and found["answered"]["1"] > RATE / 2
