"""Services in the background: found again, healed, restarted when they must be, and never half there."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from schemas.errors import ConfigurationError, DeploymentError
from schemas.run import DeploySpec
from serving.process import launch, port, records, services
from serving.process.deploy import deploy
from serving.process.records import Deployment
from serving.releases.publisher import releases
from tests.serving import packages

pytestmark = pytest.mark.untraced


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Path]:
    """A DRIVETRAIN_HOME; whatever was deployed in it is stopped."""
    folder = tmp_path_factory.mktemp("home")
    yield folder
    for name in records.names(folder):
        services.stop(folder, name)


@pytest.fixture(scope="module")
def package(home: Path) -> str:
    return str(packages.write_rules(home / "packages" / "1"))


@pytest.fixture
def running(home: Path, package: str) -> Deployment:
    deploy(home, "house", "1", package, DeploySpec())
    return records.find(home, "house")


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_second_run_leaves_the_living_service_alone(home: Path, package: str, running: Deployment) -> None:
    url, published = deploy(home, "house", "1", package, DeploySpec())
    assert records.find(home, "house") == running and url == running.url
    assert [(one.version, one.weight) for one in published] == [("1", 1.0)]


def test_a_service_listens_on_the_loopback_address_only(running: Deployment) -> None:
    supervisor = psutil.Process(running.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    ends = [one for process in family for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert {one.laddr.ip for one in ends} == {"127.0.0.1"}


def test_two_runs_at_once_share_one_service(home: Path, package: str, running: Deployment) -> None:
    with ThreadPoolExecutor(2) as pool:
        urls = set(pool.map(lambda _: deploy(home, "house", "1", package, DeploySpec())[0], range(2)))
    assert urls == {running.url}


def test_a_killed_supervisor_is_healed_on_the_same_port(home: Path, package: str, running: Deployment) -> None:
    (worker,) = psutil.Process(running.pid).children()
    os.kill(running.pid, signal.SIGKILL)
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and httpx.get(f"{url}/readyz").json()["version"] == "1"
    assert records.find(home, "house").pid != running.pid and gone(worker.pid)


def test_an_orphaned_worker_ends_by_itself(running: Deployment) -> None:
    (worker,) = psutil.Process(running.pid).children()
    os.kill(running.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while not gone(worker.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert gone(worker.pid)


def test_a_record_from_before_a_reboot_is_not_taken_for_another_process(
    home: Path, package: str, running: Deployment
) -> None:
    services.stop(home, "house")
    stale = running.model_copy(update={"pid": os.getpid(), "started": 1.0})
    records.write(home, stale)
    assert not records.is_alive(stale) and services.status(home, "house")[0].alive is False
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and psutil.pid_exists(os.getpid())


def test_changed_limits_restart_the_service_and_hold(home: Path, package: str, running: Deployment) -> None:
    url, _ = deploy(home, "house", "1", package, DeploySpec(max_body=1_000))
    assert url == running.url and records.find(home, "house").pid != running.pid
    response = httpx.post(f"{url}/predict", content=b"x" * 1_001, headers={"content-type": "application/json"})
    assert response.status_code == 413


def test_changed_code_restarts_the_service_with_the_version_it_had(
    home: Path, package: str, running: Deployment
) -> None:
    records.write(home, running.model_copy(update={"code_hash": "of yesterday"}))
    url, published = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and records.find(home, "house").pid != running.pid and gone(running.pid)
    assert published[0].version == "1" and httpx.get(f"{url}/readyz").status_code == 200


def test_the_service_has_let_go_of_the_terminal(running: Deployment) -> None:
    assert os.getsid(running.pid) == running.pid != os.getsid(0)
    files = {str(Path(f"/proc/{running.pid}/fd/{number}").readlink()) for number in (0, 1, 2)}
    assert files == {"/dev/null", str(running.log)}


def test_the_record_and_the_arguments_hold_no_journal_url(home: Path, running: Deployment) -> None:
    assert not any("sqlite" in word for word in psutil.Process(running.pid).cmdline())
    assert (records.folder(home) / "house.settings.json").stat().st_mode & 0o077 == 0


def test_a_first_deployment_that_fails_leaves_no_service(home: Path) -> None:
    with pytest.raises(DeploymentError, match="sample rows"):
        deploy(home, "first", "1", str(packages.write_wrong_samples(home / "packages" / "w")), DeploySpec())
    assert records.names(home) == ["house"] and not [
        one for one in services.status(home) if one.deployment.name == "first"
    ]
    url, _ = deploy(home, "first", "2", str(packages.write_rules(home / "packages" / "2")), DeploySpec())
    assert httpx.get(f"{url}/readyz").json()["version"] == "2"
    services.stop(home, "first")


def test_a_failed_version_leaves_the_service_with_the_old_one(home: Path, running: Deployment) -> None:
    with pytest.raises(DeploymentError):
        deploy(home, "house", "2", str(home / "packages" / "none"), running.spec)
    assert httpx.get(f"{running.url}/readyz").json()["version"] == "1"
    assert releases(running.journal_url)[0].version == "1"


def test_a_port_of_somebody_else_is_a_fault_and_nothing_is_started(home: Path, package: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        spec = DeploySpec(port=other.getsockname()[1])
        assert [fault.path for fault in port.faults(home, "new", spec)] == ["deploy.port"]
        with pytest.raises(ConfigurationError, match="in use by another program"):
            deploy(home, "new", "1", package, spec)
    assert records.read(home, "new") is None and port.faults(home, "new", spec) == []


def test_a_service_that_dies_at_the_start_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "HOST", "203.0.113.1")  # not an address of this machine
    with pytest.raises(DeploymentError, match=r"ended with exit code[\s\S]*assign requested address"):
        deploy(home, "dying", "1", "/nowhere", DeploySpec())
    assert records.read(home, "dying") is None


def test_a_service_whose_record_was_lost_is_replaced(home: Path, package: str, running: Deployment) -> None:
    records.remove(home, "house")
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and gone(running.pid)


def test_a_service_whose_journal_was_removed_gets_a_new_one(home: Path, package: str, running: Deployment) -> None:
    for file in (home / "journals").glob("house.db*"):
        file.unlink()
    url, published = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and [one.version for one in published] == ["1"]
    assert httpx.post(f"{url}/predict", json={"instances": [packages.ROW]}).status_code == 200


def test_names_get_ports_of_their_own(home: Path) -> None:
    assert port.choose(home, "a") != port.choose(home, "a", avoid={port.choose(home, "a")})
    assert sys.maxsize > port.choose(home, "b") >= 20_000
