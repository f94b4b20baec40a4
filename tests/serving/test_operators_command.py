"""`python -m serving`."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from ml.io import file_lock
from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.home import ROOT
from schemas.rollout import RolloutSpec
from schemas.rollout_state import Measure, Position, Reference, RolloutState
from serving.__main__ import main
from serving.journal.engine import connect
from serving.process import records, services
from serving.process.records import Deployment
from serving.releases import events
from serving.releases.publisher import publish, releases, rollback
from serving.rollouts import record
from tests.ml.io.test_file_lock import holder
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


def test_the_readme_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    known = capsys.readouterr().out.partition("{")[2].partition("}")[0].split(",")
    line = next(one for one in (ROOT / "README.md").read_text().splitlines() if "python -m serving status" in one)
    assert sorted(line.partition("# also: ")[2].split(", ")) == sorted({*known} - {"status"})


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


def rolled_out(here: Live, version: str, outcome: str) -> None:
    """Write a rollout that ended a moment ago."""
    now, nothing = time.time(), Position(at=(0.0, -1, 0), low={}, first={})
    state = RolloutState(reference=Reference(), evidence={}, since=now, clock=now)
    with connect(here.journal_url).begin() as connection:
        pointer = events.current(events.read(connection))
        assert pointer is not None
        why = "error_rate: requests that failed"
        texts = {"candidate": version, "package_url": f"memory://{version}", "old": pointer.version, "why": why}
        parts = {"spec": RolloutSpec(), "measure": Measure(), "state": state, "position": nothing}
        record.add(connection, **texts, **parts, pointer=pointer.sequence, started=now)
        found = record.running(connection)
        assert found is not None
        record.end(connection, found, outcome, found.why, now)


def test_rollback_spares_production_when_a_rollout_was_rolled_back_a_moment_before(
    here: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(here.journal_url, "spared", str(packages.write_rules(here.packages / "spared")))
    rolled_out(here, "9", "rolled_back")
    assert main(["rollback"]) == 1
    told = capsys.readouterr().err
    assert "version spared is in production, as before" in told and "rollback house --production" in told
    assert "The new version 9 was taken away" in told and "error_rate" in told and "1 is current" not in told
    assert main(["rollback", "--production"]) == 0
    assert "version 1 is current again" in capsys.readouterr().out


def test_a_canary_is_placed_seen_promoted_and_a_shadow_withdrawn(
    here: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(here.journal_url, "beside", str(packages.write_rules(here.packages / "beside")))
    rollback(here.journal_url)
    assert main(["canary", "house", "beside", "--share", "0.25"]) == 0
    assert "beside is a candidate for 0.25 of the requests" in capsys.readouterr().out
    assert main(["status"]) == 0 and "house: version beside answers 0.25 of the requests" in capsys.readouterr().out
    assert main(["shadow", "house", "beside"]) == 0 and main(["status"]) == 0
    assert "house: version beside follows unseen" in capsys.readouterr().out
    rolled_out(here, "beside", "taken_over")
    assert main(["rollback"]) == 0 and main(["rollback"]) == 1
    told = capsys.readouterr()
    assert "version beside, whose rollout had ended, is gone; production stays" in told.out
    assert "version 1 is in production, as before" in told.err and releases(here.journal_url)[0].version == "1"
    assert main(["shadow", "house", "beside"]) == 0
    assert main(["withdraw", "house", "beside"]) == 0
    assert main(["withdraw", "house", "beside"]) == 1 and main(["canary", "house", "besides"]) == 1
    assert "Did you mean 'beside'?" in capsys.readouterr().err
    assert main(["promote", "house", "beside"]) == 0
    promoted = releases(here.journal_url)[0]
    assert (promoted.version, promoted.why) == ("beside", "promoted by an operator")
    rollback(here.journal_url)
    assert releases(here.journal_url)[0].version == "1"


def test_thresholds_are_moved_shown_and_reset(here: Live, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["threshold", "house", "--review", "0.9", "--decision", "0.4", "--why", "a quiet week"]) == 0
    assert "house: version 1 decides by review 0.9, decision 0.4" in capsys.readouterr().out
    assert main(["status"]) == 0 and "house: version 1 decides by review 0.9" in capsys.readouterr().out
    assert main(["threshold", "house", "--reset"]) == 0 and main(["threshold", "house"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()[1:]
    assert first.endswith(": a quiet week") and "its package's thresholds, by " in last
    assert main(["threshold", "house", "--version", "none", "--review", "0.5"]) == 1
    with pytest.raises(SystemExit):
        main(["threshold", "house", "--review", "1.5"])


def write_dead(home: Path) -> None:
    """Write the record of a service that does not run, `dead`."""
    dead = Deployment(
        name="dead",
        port=1,
        url="http://127.0.0.1:1",
        code_hash="",
        bento="",
        log=home / "log",
        journal_url=f"sqlite:///{home}/none.db",
        spec=DeploySpec(),
    )
    records.write(home, dead)


def test_a_dead_service_is_reported_with_exit_code_1_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    write_dead(tmp_path)
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


@pytest.mark.parametrize("command", ["stop", "rollback", "repair"])
def test_a_command_says_for_what_it_waits_and_ends_in_one_line_when_it_is_interrupted(
    tmp_path: Path, command: str
) -> None:
    write_dead(tmp_path)
    words = [sys.executable, "-m", "serving", command, "dead"]
    environment = {**os.environ, "DRIVETRAIN_HOME": str(tmp_path)}
    with (
        holder(records.folder(tmp_path) / ".dead.lock"),
        subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said == "another command changes the service of 'dead'; waiting until that has ended\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[1] == f"\nInterrupted; {command} was not finished.\n"
    assert process.returncode == 130 and records.names(tmp_path) == ["dead"]


def test_a_run_that_waits_for_another_one_notes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(file_lock, "MOMENT", 0.1)
    with holder(records.folder(tmp_path) / ".house.lock") as process:
        timer = threading.Timer(0.6, process.kill)
        timer.start()
        with pytest.raises(DeploymentError, match="There is no deployment"):
            services.stop(tmp_path, "house")
        timer.join()
    (note,) = caplog.records
    assert note.name.startswith("drivetrain") and "waiting until that has ended" in note.getMessage()


@pytest.mark.parametrize("command", ["status", "logs", "rollback"])
def test_a_service_whose_deployment_was_cut_off_before_its_record_is_told_and_stopped(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    settings = records.settings_path(tmp_path, "house")
    settings.parent.mkdir()
    settings.write_text("{}")
    assert main([command, "house"]) == 1
    said = "".join(capsys.readouterr())
    assert said.startswith("house: it has no record: its deployment is under way, or was cut off") and "stop" in said
    assert main(["stop", "house"]) == 0 and records.names(tmp_path) == []
