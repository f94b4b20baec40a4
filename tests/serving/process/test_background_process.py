"""Services in the background: found again, healed, restarted when they must be, and never half there."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from ml.io.held_file import held
from schemas.deploy_spec import DeploySpec
from schemas.errors import ConfigurationError, DeploymentError
from schemas.home import ROOT
from serving.__main__ import main
from serving.process import bento_store, contents, crew, kept_alive, launch, port, records, services
from serving.process.deploy import deploy
from serving.process.members import LOOKED_AFTER
from serving.process.probe import until_ready
from serving.process.records import Deployment
from serving.releases.publisher import releases
from tests.serving import packages
from tests.serving.processes import family, gone, supervisor, watchdog, worker

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


@pytest.fixture
def pid(home: Path, running: Deployment) -> int:
    """The running service's supervisor."""
    return supervisor(home)


def test_a_second_run_leaves_the_living_service_alone(home: Path, package: str, running: Deployment) -> None:
    url, published = deploy(home, "house", "1", package, DeploySpec())
    assert records.find(home, "house") == running and url == running.url
    assert [(one.version, one.weight) for one in published] == [("1", 1.0)]


def test_a_service_listens_on_the_loopback_address_only(home: Path, running: Deployment) -> None:
    ends = [one for process in family(home) for one in process.net_connections("inet")]
    assert {one.laddr.ip for one in ends if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_two_runs_at_once_share_one_service(home: Path, package: str, running: Deployment) -> None:
    with ThreadPoolExecutor(2) as pool:
        urls = set(pool.map(lambda _: deploy(home, "house", "1", package, DeploySpec())[0], range(2)))
    assert urls == {running.url}


def test_a_deployment_right_after_its_supervisor_was_killed_finds_the_service_again(
    home: Path, package: str, running: Deployment, pid: int
) -> None:
    before = worker(home)
    os.kill(pid, signal.SIGKILL)
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and httpx.get(f"{url}/readyz").json()["version"] == "1"
    assert supervisor(home) != pid
    psutil.wait_procs([before], timeout=10)  # it ends what is in work
    assert gone(before.pid)


def test_a_file_that_another_process_holds_by_chance_is_not_taken_for_a_service(
    home: Path, package: str, running: Deployment
) -> None:
    services.stop(home, "house")
    records.write(home, running)
    records.settings_path(home, "house").write_text("{}")
    (records.folder(home) / ".house.supervisor").write_text(str(os.getpid()))  # as after a reboot: nobody holds it
    assert records.supervisor(home, "house") is None and services.status(home, "house")[0].alive is False
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and psutil.pid_exists(os.getpid())


def test_changed_limits_restart_the_service_and_hold(home: Path, package: str, running: Deployment, pid: int) -> None:
    url, _ = deploy(home, "house", "1", package, DeploySpec(max_body=1_000))
    assert url == running.url and supervisor(home) != pid
    response = httpx.post(f"{url}/predict", content=b"x" * 1_001, headers={"content-type": "application/json"})
    assert response.status_code == 413


def test_changed_code_restarts_the_service_with_the_version_it_had(
    home: Path, package: str, running: Deployment, pid: int
) -> None:
    records.write(home, running.model_copy(update={"code_hash": "of yesterday"}))
    url, published = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and supervisor(home) != pid and gone(pid)
    assert published[0].version == "1" and httpx.get(f"{url}/readyz").status_code == 200


def test_a_supervisor_of_ones_own_takes_the_service_over_and_runs_publish_to_it(
    home: Path, package: str, running: Deployment, pid: int
) -> None:
    words = [sys.executable, "-m", "serving", "run", "house"]
    environment = {**os.environ, "DRIVETRAIN_HOME": str(home)}
    with subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while records.supervisor(home, "house") != process.pid and time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # else it is a child of ours that has ended, and is waited for
            time.sleep(0.05)
        assert until_ready(running.url, 30)[0] == 200 and gone(pid)
        before = worker(home)
        url, _ = deploy(home, "house", "1", package, DeploySpec())
        assert url == running.url and supervisor(home) == process.pid and worker(home) == before
        assert watchdog(home) is None and LOOKED_AFTER in before.environ()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0 and records.settings_path(home, "house").exists()
    assert family(home) == []


def test_the_service_has_let_go_of_the_terminal(running: Deployment, pid: int) -> None:
    assert os.getsid(pid) == pid != os.getsid(0)
    files = {str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (0, 1, 2)}
    assert files == {"/dev/null", str(running.log)}


def test_the_record_and_the_arguments_hold_no_journal_url(home: Path, running: Deployment) -> None:
    assert not any("sqlite" in word for one in family(home) for word in one.cmdline())
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
    def told(home: Path, deployment: Deployment) -> Path:
        spec = deployment.spec.model_copy(update={"host": "203.0.113.1"})  # not an address of this machine
        return tell(home, deployment.model_copy(update={"spec": spec}))

    tell = launch.tell
    monkeypatch.setattr(launch, "tell", told)
    with pytest.raises(DeploymentError, match=r"ended with exit code[\s\S]*assign requested address"):
        deploy(home, "dying", "1", "/nowhere", DeploySpec())
    assert records.read(home, "dying") is None


def test_a_service_whose_record_was_lost_is_replaced(home: Path, package: str, running: Deployment, pid: int) -> None:
    records.remove(home, "house")
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and gone(pid)


def test_a_service_whose_journal_was_removed_gets_a_new_one(home: Path, package: str, running: Deployment) -> None:
    for file in (home / "journals").glob("house.db*"):
        file.unlink()
    url, published = deploy(home, "house", "1", package, DeploySpec())
    assert url == running.url and [one.version for one in published] == ["1"]
    assert httpx.post(f"{url}/predict", json={"instances": [packages.ROW]}).status_code == 200


def test_names_get_ports_of_their_own(home: Path) -> None:
    assert port.choose(home, "a") != port.choose(home, "a", avoid={port.choose(home, "a")})
    assert sys.maxsize > port.choose(home, "b") >= 20_000


def test_a_record_of_the_version_before_is_read(home: Path, running: Deployment) -> None:
    path = records.folder(home) / "house.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "pid": 12, "started": 1.5}))
    assert records.read(home, "house") == running


def test_a_service_whose_run_was_killed_before_it_wrote_the_record_is_seen_and_stopped(
    home: Path, package: str, running: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(home))
    records.remove(home, "house")
    assert main(["status"]) == 1 and "house: it has no record" in capsys.readouterr().out
    assert main(["stop", "house"]) == 0 and family(home) == []


def test_what_a_file_names_is_ended_only_if_it_is_the_supervisor(home: Path, tmp_path: Path) -> None:
    with held(kept_alive.lock_path(records.settings_path(home, "stranger"), "supervisor")):
        assert records.supervisor(home, "stranger") == os.getpid()
        launch.end(home, "stranger")  # a number of another container would be read so, too


def test_a_worker_that_dies_at_once_is_started_after_longer_and_longer_pauses() -> None:
    pauses = [0.0]
    for _ in range(8):
        pauses.append(kept_alive.longer(pauses[-1]))
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert (crew._told(-9), crew._told(-37), crew._told(3)) == ("SIGKILL", "signal 37", "exit code 3")


def test_of_all_versions_only_those_that_a_release_can_come_back_to_have_a_bento(
    home: Path, running: Deployment
) -> None:
    store = bento_store.folder(running.bento).parent
    before = {one.name for one in store.iterdir()}  # other tests have services of this name
    for number in (2, 3, 4):
        package = packages.write_rules(home / "later" / str(number), yes=0.5 + number / 1000)
        deploy(home, "house", str(number), str(package), running.spec)
    made = [store / name / "src" / contents.FILE for name in {one.name for one in store.iterdir()} - before]
    assert sorted(json.loads(file.read_text())["version"] for file in made) == ["3", "4"]
    assert bento_store.source(running.bento).is_dir(), "the service runs from it"
