"""A service comes back by itself, whatever of it is killed; after `stop` nothing does, and nothing is left behind."""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from schemas.deploy_spec import DeploySpec
from serving.process import port, records, services
from serving.process.deploy import deploy
from serving.process.records import Deployment
from tests.serving import packages
from tests.serving.processes import family, gone, is_whole, kill, pids, supervisor, until, watchdog, worker
from tests.serving.steady_load import steady_load
from tests.tracing import processes_traced

pytestmark = pytest.mark.untraced


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
    until(lambda: pids(home) == roles(home))


def roles(home: Path) -> set[int | None]:
    """Return who is what, as far as all are there: two that start a supervisor may follow each other."""
    with suppress(AssertionError, ValueError, psutil.NoSuchProcess):
        return {supervisor(home), worker(home).pid, watchdog(home)}
    return set()


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
