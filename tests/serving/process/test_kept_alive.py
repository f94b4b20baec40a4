"""A service comes back by itself, whatever of it is killed; after `stop` nothing does, and nothing is left behind."""

import json
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from schemas.deploy_spec import DeploySpec
from serving.journal.streamed import Span, Streamed
from serving.journal.tables import connect
from serving.process import port, records, services
from serving.process.deploy import deploy
from serving.process.records import Deployment
from tests.serving import packages
from tests.serving.processes import family, gone, supervisor, watchdog, worker
from tests.serving.steady_load import steady_load
from tests.soak import count
from tests.tracing import processes_traced

pytestmark = pytest.mark.untraced
KILLS = count(3, 200)
_PATIENCE = 30.0  # of a machine that does other things, too; `make soak` holds the promised five seconds
PROMISED = 5.0 if KILLS > 3 else _PATIENCE


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Path]:
    """A DRIVETRAIN_HOME with a service that predicts; it is stopped in the end."""
    folder = tmp_path_factory.mktemp("home")
    with processes_traced():
        deploy(folder, "house", "1", str(packages.write_onnx(folder / "packages" / "1")), DeploySpec())
    yield folder
    services.stop(folder, "house")


@pytest.fixture
def running(home: Path) -> Deployment:
    """The service, with everything that belongs to it."""
    until(lambda: is_whole(home))
    return records.find(home, "house")


def is_ready(home: Path) -> bool:
    return records.supervisor(home, "house") is not None and services.status(home, "house")[0].ready


def is_whole(home: Path) -> bool:
    """Say whether it answers with all its processes."""
    found = records.supervisor(home, "house")
    has_worker = found is not None and psutil.pid_exists(found) and len(psutil.Process(found).children()) == 1
    return has_worker and is_ready(home) and watchdog(home) is not None


def are_gone(home: Path, before: set[int]) -> bool:
    return not before & pids(home)


def pids(home: Path) -> set[int]:
    return {one.pid for one in family(home)}


def until(holds: Callable[[], bool], seconds: float = _PATIENCE) -> float:
    """Wait until it holds; return the seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, f"does not hold after {seconds:g} seconds"
        time.sleep(0.02)
    return time.monotonic() - began


def kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_service_has_a_supervisor_a_worker_and_a_watchdog(home: Path, running: Deployment) -> None:
    assert {one.pid for one in family(home)} == {supervisor(home), worker(home).pid, watchdog(home)}


def test_a_request_while_the_worker_is_replaced_waits_and_is_answered(home: Path, running: Deployment) -> None:
    for _ in range(3):
        killed = worker(home)
        kill(killed.pid)
        psutil.wait_procs([killed], timeout=10)
        answer = httpx.post(f"{running.url}/predict", json={"instances": [packages.ROW]}, timeout=30)
        assert answer.status_code == 200, answer.text


def test_a_worker_that_is_told_to_end_loses_no_request_and_another_takes_its_place(
    home: Path, running: Deployment
) -> None:
    old = worker(home)
    with steady_load(running.port, 100, json.dumps({"instances": [packages.ROW]}).encode()) as found:
        time.sleep(0.5)
        old.send_signal(signal.SIGTERM)
        assert refused(running.url) == "not ready: the service is about to stop"
        kept = httpx.post(f"{running.url}/predict", json={"instances": [packages.ROW]})
        assert kept.status_code == 200 and kept.headers["connection"] == "close"
        deadline = time.monotonic() + 20
        while not (gone(old.pid) and services.status(home, "house")[0].ready):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert found["failed"] == [] and found["answered"]["1"] > 50


def refused(url: str) -> str:
    deadline = time.monotonic() + 5
    while True:
        answer = httpx.get(f"{url}/readyz")
        if answer.status_code == 503 or time.monotonic() > deadline:
            return str(answer.json()["error"]["message"])


@pytest.mark.parametrize("killed", ["supervisor", "worker", "watchdog", "supervisor worker", "supervisor watchdog",
                                    "worker watchdog"])  # fmt: skip
def test_what_is_killed_comes_back_and_nothing_else_is_left(home: Path, running: Deployment, killed: str) -> None:
    before = {"supervisor": supervisor(home), "worker": worker(home).pid, "watchdog": watchdog(home) or 0}
    victims = {before[role] for role in killed.split()}
    kill(*victims)
    until(lambda: not victims & pids(home) and is_whole(home))
    assert httpx.get(f"{running.url}/readyz").json()["version"] == "1"
    until(lambda: pids(home) == {supervisor(home), worker(home).pid, watchdog(home)})


def test_no_acknowledged_prediction_is_lost_or_doubled_while_processes_are_killed(
    home: Path, running: Deployment
) -> None:
    chosen, answered, ended = random.Random(7), list[str](), threading.Event()
    client = threading.Thread(target=predict_until, args=(f"{running.url}/predict", ended, answered))
    client.start()
    try:
        for number in range(KILLS):
            old = {supervisor(home), worker(home).pid}
            victims = old if number % 3 == 2 else {supervisor(home)} if number % 3 else {worker(home).pid}
            orphans = old - victims if supervisor(home) in victims else set()
            kill(*victims)
            until(partial(are_gone, home, victims))
            until(partial(are_gone, home, orphans), 1.0 if PROMISED < _PATIENCE else _PATIENCE)
            until(lambda: is_whole(home), PROMISED)
            time.sleep(chosen.uniform(0.1, 1.5))
    finally:
        ended.set()
        client.join()
    pieces = Streamed(connect(running.journal_url), Span())  # each of them is read whole
    kept = [one.predicted.request_id for piece in pieces for one in piece]
    assert len(answered) > KILLS and not set(answered) - set(kept) and len(kept) == len(set(kept))


def predict_until(url: str, ended: threading.Event, answered: list[str]) -> None:
    while not ended.is_set():
        with suppress(httpx.TransportError):
            response = httpx.post(url, json={"instances": [packages.ROW]}, timeout=10)
            if response.status_code == 200:
                answered.append(response.json()["request_id"])
        time.sleep(0.01)


def test_nothing_that_tells_processes_apart_holds_a_time(home: Path, running: Deployment) -> None:
    """Nothing that says which process is whose holds a time."""
    kept = "".join(
        path.read_text() for path in records.folder(home).glob("*house*") if path.suffix != ".log" and path.is_file()
    )
    assert "started" not in kept and str(int(psutil.Process(supervisor(home)).create_time()))[:6] not in kept


def test_after_a_stop_nothing_comes_back(home: Path, tmp_path: Path) -> None:
    package = packages.write_rules(tmp_path / "package")
    deploy(home, "other", "1", str(package), DeploySpec())
    until(lambda: watchdog(home, "other") is not None)
    members, deployment = family(home, "other"), records.find(home, "other")
    assert len(members) == 3
    kill(supervisor(home, "other"))  # while it is being started again
    services.stop(home, "other")
    time.sleep(3)
    assert family(home, "other") == [] and all(gone(one.pid) for one in members) and port.is_free(deployment.port)
    assert records.names(home) == ["house"]


def test_a_service_ends_when_its_folder_is_removed(tmp_path: Path, bentoml_home: None) -> None:
    deploy(tmp_path, "house", "1", str(packages.write_rules(tmp_path / "package")), DeploySpec())
    members = family(tmp_path)
    shutil.rmtree(records.folder(tmp_path))
    until(lambda: all(gone(one.pid) for one in members))
