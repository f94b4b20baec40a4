"""A damaged journal is noticed by its service and by whoever reads it, and mended by one command."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from schemas.errors import DeploymentError
from schemas.home import Home
from schemas.run import DeploySpec
from serving.__main__ import main
from serving.journal.location import journal_url
from serving.journal.predictions import count, window
from serving.process import records, services
from serving.process.deploy import deploy
from tests.serving import packages
from tests.serving.journal.damaged import overwrite, write_journal

pytestmark = pytest.mark.untraced
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


def test_damage_is_noticed_while_the_service_runs_and_repaired(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = str(packages.write_onnx(home / "package"))
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
    assert "predictions saved" in said and "lost" in said and "house.db.damaged-" in said
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
        connection.execute("UPDATE predictions SET answer = '{\"label\": ' WHERE id = 7")
        connection.execute("UPDATE predictions SET inputs = CAST(x'fffe' AS TEXT) WHERE id = 9")
        connection.commit()
    url = journal_url(Home(home), "house")
    with pytest.raises(DeploymentError, match=HINT):
        window(url)
    assert main(["repair", "house"]) == 0
    assert "98 predictions saved, 2 lost" in capsys.readouterr().out
    assert count(url) == len(window(url)) == 98


def test_a_repair_that_was_interrupted_goes_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "journals" / "house.db"
    write_journal(file, 100)
    finished = home / "journals" / "house.db.repaired"
    write_journal(finished, 90)  # killed before the last two steps: the new one is whole, the damaged one in place
    overwrite(file, 1)
    (home / "journals" / "house.db-wal").write_bytes(b"of the damaged one")
    assert main(["repair", "house"]) == 0
    assert count(journal_url(Home(home), "house")) == 90 and not finished.exists()


def test_what_cannot_be_repaired_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", "house"]) == 1 and "There is no journal of 'house'" in capsys.readouterr().err
    assert main(["repair"]) == 1 and "nothing is deployed" in capsys.readouterr().err
    assert not list(home.glob("deployments/*.settings.json"))
