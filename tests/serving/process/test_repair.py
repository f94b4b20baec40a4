"""A damaged journal is noticed by its service and by whoever reads it, and mended by one command."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.home import Home
from serving.__main__ import main
from serving.journal.integrity import damage
from serving.journal.location import journal_url
from serving.journal.predictions import count, window
from serving.journal.salvage import copy_whole
from serving.process import records, services
from serving.process.deploy import deploy
from tests.serving import packages
from tests.serving.journal.damaged import overwrite, pages, write_journal
from tests.tracing import processes_traced

HINT = "python -m serving repair house"


@pytest.fixture
def home(tmp_path: Path, bentoml_home: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A DRIVETRAIN_HOME whose service is stopped in the end."""
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    yield tmp_path
    if "house" in records.names(tmp_path):
        services.stop(tmp_path, "house")


def answer(url: str) -> httpx.Response:
    return httpx.post(f"{url}/predict", json={"instances": [packages.ROW] * 20}, timeout=30)


def until_refused(url: str) -> httpx.Response:
    deadline = time.monotonic() + 30
    while (response := httpx.get(f"{url}/readyz")).status_code == 200:
        assert time.monotonic() < deadline, "the damage is not noticed"
        time.sleep(0.1)
    return response


@pytest.mark.untraced
def test_damage_is_noticed_while_the_service_runs_and_repaired(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = str(packages.write_onnx(home / "package"))
    with processes_traced():
        url, _ = deploy(home, "house", "1", package, DeploySpec())
    sent = [answer(url).json()["request_id"] for _ in range(150)]
    file = home / "journals" / "house.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(file, 40)
    refused = until_refused(url)
    assert refused.status_code == 503 and HINT in refused.text and answer(url).status_code == 503
    assert HINT in answer(url).text and main(["status"]) == 1 and HINT in capsys.readouterr().out
    with pytest.raises(DeploymentError, match=f"It is damaged; .*{HINT}") as raised:
        window(journal_url(Home(home), "house"))
    assert "SELECT" not in str(raised.value) and "\n" not in str(raised.value)
    assert main(["repair"]) == 0
    said = capsys.readouterr().out
    assert "requests saved" in said and "lost" in said and "house.db.damaged-" in said
    assert services.status(home, "house")[0].ready and answer(url).status_code == 200
    kept = set(window(journal_url(Home(home), "house")).request_ids)
    assert len(kept & set(sent)) >= 140 and len(kept - set(sent)) == 1
    assert main(["repair", "house"]) == 0 and "is sound" in capsys.readouterr().out


def test_damage_is_noticed_at_the_start(home: Path) -> None:
    package = str(packages.write_onnx(home / "package"))
    deploy(home, "house", "1", package, DeploySpec())
    services.stop(home, "house")
    file = home / "journals" / "house.db"
    overwrite(file, 1)
    with pytest.raises(DeploymentError, match=HINT):
        deploy(home, "house", "1", package, DeploySpec())
    assert records.names(home) == []
    assert main(["repair", "house"]) == 0
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    assert answer(url).status_code == 200


@pytest.mark.untraced
def test_a_service_that_is_restarted_on_a_damaged_journal_says_so_and_stays_up(home: Path) -> None:
    package = str(packages.write_onnx(home / "package"))
    url, _ = deploy(home, "house", "1", package, DeploySpec())
    file = home / "journals" / "house.db"
    supervisor = records.supervisor(home, "house")
    assert supervisor is not None
    os.kill(supervisor, 9)
    overwrite(file, 1)
    for wal in home.glob("journals/house.db-*"):
        wal.unlink()
    refused = until_refused_or_silent(url)
    assert HINT in refused.text
    assert "Traceback" not in records.find(home, "house").log.read_text()


def until_refused_or_silent(url: str) -> httpx.Response:
    deadline = time.monotonic() + 30
    while True:
        try:
            if HINT in (response := httpx.get(f"{url}/readyz")).text:
                return response
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "the damage is not noticed"
        time.sleep(0.1)


def test_rows_that_are_no_json_are_told_and_repaired(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "journals" / "house.db"
    write_journal(file, 100)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE requests SET answers = '[{\"label\": ' WHERE id = 7")
        connection.execute("UPDATE requests SET inputs = CAST(x'fffe' AS TEXT) WHERE id = 9")
        connection.commit()
    url = journal_url(Home(home), "house")
    with pytest.raises(DeploymentError, match=HINT):
        window(url)
    assert main(["repair", "house"]) == 0
    assert "98 requests saved, 2 lost" in capsys.readouterr().out
    assert count(url) == len(window(url)) == 98


def test_a_damaged_journal_of_a_later_format_is_not_made_one_of_ours(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "journals" / "house.db"
    write_journal(file, 500)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE journal_format SET version = 99")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(file, pages(file) - 1)
    before = file.read_bytes()
    assert main(["repair", "house"]) == 1 and file.read_bytes() == before
    assert "is of format 99" in capsys.readouterr().err


def test_a_repair_that_was_killed_before_its_last_step_loses_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "journals" / "house.db"
    write_journal(file, 100)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE requests SET answers = 'no json' WHERE id = 7")
        connection.execute("UPDATE requests SET version = '2' WHERE id = 8")
        connection.commit()
        copy_whole(file, file.with_name("house.db.damaged-20260101T000000"))
        main_file = file.read_bytes()
    file.write_bytes(main_file)  # its last commits were only beside it, and are gone: in the copy they are
    for wal in file.parent.glob("house.db-*"):
        wal.unlink()
    overwrite(file, 1)
    overwrite(file.with_name("house.db.damaged-20260101T000000"), 1)
    assert main(["repair", "house"]) == 0
    said = capsys.readouterr().out
    assert "99 requests saved, 1 lost" in said
    kept = Path(said.rpartition("is kept as ")[2].strip())
    assert kept.exists() and kept.name != "house.db.damaged-20260101T000000"
    assert "2" in window(journal_url(Home(home), "house")).versions


def test_predictions_after_a_killed_repair_are_kept_by_the_next(home: Path) -> None:
    file = home / "journals" / "house.db"
    write_journal(file, 50)
    write_journal(file.with_name("house.db.repaired"), 10)  # of an earlier version of this command
    overwrite(file, pages(file))
    assert main(["repair", "house"]) == 0 and count(journal_url(Home(home), "house")) >= 20


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00"])
def test_an_emptied_journal_is_no_new_one(home: Path, content: bytes) -> None:
    file = home / "journals" / "house.db"
    write_journal(file, 10)
    file.write_bytes(content)
    assert damage(file) is not None
    assert main(["repair", "house"]) == 0 and damage(file) is None


def test_a_sound_journal_of_a_service_that_took_it_for_damaged_starts_the_service_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, _ = deploy(home, "house", "1", str(packages.write_rules(home / "package")), DeploySpec())
    file = home / "journals" / "house.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    good = file.read_bytes()
    overwrite(file, 3)
    until_refused(url)
    with pytest.raises(DeploymentError, match=HINT):
        deploy(home, "house", "2", str(packages.write_rules(home / "other")), DeploySpec())
    file.write_bytes(good)
    assert main(["repair", "house"]) == 0 and services.status(home, "house")[0].ready
    assert "its journal is sound; its service was started again" in capsys.readouterr().out


@pytest.mark.untraced
def test_a_service_that_is_not_ready_for_another_reason_is_left_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, _ = deploy(home, "house", "1", str(packages.write_rules(home / "package")), DeploySpec(deadline=1.0))
    before = records.supervisor(home, "house")
    with closing(sqlite3.connect(home / "journals" / "house.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert "is locked" in until_refused(url).text
        assert main(["repair", "house"]) == 0
    assert "its journal is sound; nothing was changed" in capsys.readouterr().out
    assert records.supervisor(home, "house") == before


def test_what_cannot_be_repaired_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", "house"]) == 1 and "There is no journal of 'house'" in capsys.readouterr().err
    assert main(["repair"]) == 1 and "nothing is deployed" in capsys.readouterr().err
    assert not list(home.glob("deployments/*.settings.json"))
