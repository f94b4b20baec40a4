"""`stop` ends the process however its folder is spelt and whatever became of its record; proxies are passed by."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ml.io.atomic_write import write_whole
from schemas.deploy_spec import DeploySpec
from schemas.home import ROOT
from serving.__main__ import main
from serving.process import port, records, services
from serving.process.deploy import deploy
from serving.process.records import Deployment
from tests.serving import packages, processes
from tests.serving.conftest import Live

Start = Callable[[Path], Deployment]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder, and `link` beside it that leads there; nothing that was started in it outlives the test."""
    folder = tmp_path / "home"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    yield folder
    for one in processes.family(folder):
        one.kill()


@pytest.fixture
def start(tmp_path: Path, bentoml_home: None) -> Start:
    """Start a service under a spelling of the home."""

    def begin(spelt: Path) -> Deployment:
        deploy(spelt, "house", "1", str(packages.write_rules(tmp_path / "package")), DeploySpec())
        return records.find(spelt, "house")

    return begin


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.untraced
def test_a_service_started_under_a_folder_is_stopped_through_a_link_to_it(
    home: Path, start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = start(home)
    members = processes.family(home)
    assert len(members) > 1 and len(living(members)) == len(members)
    link = home.parent / "link"
    assert services.status(link, "house")[0].ready
    services.stop(link, "house")
    assert living(members) == [] and port.is_free(deployment.port)
    monkeypatch.setenv("DRIVETRAIN_HOME", str(link))
    assert main(["status"]) == 0
    assert "Nothing is deployed" in capsys.readouterr().out


@pytest.mark.untraced
def test_a_service_started_through_a_link_whose_record_cannot_be_read_is_reported_and_stopped(
    home: Path, start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = start(home.parent / "link")
    members = processes.family(home)
    (records.folder(home) / "house.json").write_text('{"name": "house", "pid": ')
    monkeypatch.setenv("DRIVETRAIN_HOME", str(home))
    for words in (["status"], ["status", "house"]):
        assert main(words) == 1
        assert "house: its record cannot be read" in capsys.readouterr().out
    assert len(living(members)) == len(members), "asking changes nothing"
    assert main(["stop"]) == 0
    assert living(members) == [] and port.is_free(deployment.port)
    assert records.names(home) == [] and main(["stop", "house"]) == 1


@pytest.mark.parametrize("text", ["", "[]", '{"name": 3}', "\x00\xff"])
def test_an_unreadable_record_of_a_service_that_is_gone_is_reported_and_can_be_removed(
    home: Path, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_whole(records.folder(home) / "house.json", text)
    monkeypatch.setenv("DRIVETRAIN_HOME", str(home))
    assert main(["status", "house"]) == 1 and "cannot be read" in capsys.readouterr().out
    for command in ("logs", "rollback"):
        assert main([command, "house"]) == 1 and "cannot be read" in capsys.readouterr().err
    assert main(["stop", "house"]) == 0 and records.names(home) == []


def test_a_proxy_of_the_environment_does_not_come_between_us_and_our_services(live: Live) -> None:
    environment = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    environment |= dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy"), "http://127.0.0.1:9")
    program = (
        "import sys, urllib.error, urllib.request; from serving.process.probe import get\n"
        "try: urllib.request.urlopen(sys.argv[1], timeout=5)\n"
        "except urllib.error.URLError: print('astray', get(sys.argv[1])[0])"
    )
    done = subprocess.run(  # a process of its own: urllib reads the environment when an opener is made
        [sys.executable, "-c", program, f"{live.url}/livez"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["astray", "200"]
