"""`python -m serving`."""

import time
from pathlib import Path

import httpx
import pytest

from schemas.run import DeploySpec
from serving.__main__ import main
from serving.process import records
from serving.process.records import Deployment
from serving.releases.publisher import publish, releases, rollback
from tests.serving import packages
from tests.serving.conftest import Live


@pytest.fixture
def here(live: Live, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(live.home))
    return live


def test_status_names_the_service_its_version_and_its_rows(here: Live, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "URL", "STATE", "VERSION", "ROWS"]
    assert line.split()[:4] == ["house", here.url, "ready", "1"]


def test_an_unknown_name_is_an_error_with_the_nearest_one(here: Live, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("status", "logs", "rollback", "stop"):
        assert main([command, "hause"]) == 1
        assert "Did you mean 'house'?" in capsys.readouterr().err
    assert httpx.get(f"{here.url}/readyz").status_code == 200


def test_an_unknown_command_is_exit_code_2(here: Live) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["statos"])
    assert caught.value.code == 2


def test_logs_are_the_end_of_the_log(here: Live, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "house", "-n", "1000"]) == 0
    assert "version 1 is current" in capsys.readouterr().out


def test_rollback_goes_back_to_the_version_before(here: Live, capsys: pytest.CaptureFixture[str]) -> None:
    publish(here.journal_url, "command", str(packages.write_rules(here.packages / "command")))
    assert main(["rollback"]) == 0
    assert "version 1 is current again" in capsys.readouterr().out
    while releases(here.journal_url)[0].version != "1":
        rollback(here.journal_url)
    time.sleep(0.1)
    assert httpx.get(f"{here.url}/readyz").json()["version"] == "1"


def test_a_dead_service_is_reported_with_exit_code_1_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    journal_url, url = f"sqlite:///{tmp_path}/none.db", "http://127.0.0.1:1"
    dead = Deployment(
        name="dead",
        port=1,
        url=url,
        code_hash="",
        bento="",
        log=tmp_path / "log",
        journal_url=journal_url,
        spec=DeploySpec(),
    )
    records.write(tmp_path, dead)
    assert main(["status"]) == 1
    assert "dead" in capsys.readouterr().out
    assert main(["stop", "dead"]) == 0 and records.names(tmp_path) == []


def test_an_empty_home_is_no_error_for_status_and_one_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    assert main(["status"]) == 0 and main(["stop"]) == 1
    assert "nothing is deployed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
