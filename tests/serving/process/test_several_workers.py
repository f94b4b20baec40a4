"""A service of two workers: one port, one pointer, one journal, and counters of both."""

import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from schemas.deploy_spec import DeploySpec
from serving.__main__ import main
from serving.journal.opened import opened
from serving.process import records, services
from serving.process.deploy import deploy
from serving.releases import events
from tests.serving import packages
from tests.serving.processes import gone, supervisor, workers
from tests.serving.steady_load import steady_load
from tests.soak import count

pytestmark = pytest.mark.untraced
BODY = json.dumps({"instances": [packages.ROW]}).encode()
SPEC = DeploySpec(workers=2)
RATE = count(100, 300)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Path]:
    """A DRIVETRAIN_HOME with a service of two workers; it is stopped in the end."""
    folder = tmp_path_factory.mktemp("home")
    deploy(folder, "house", "1", str(packages.write_rules(folder / "packages" / "1")), SPEC)
    until_whole(folder)
    yield folder
    if records.read(folder, "house") is not None:
        services.stop(folder, "house")


def until_whole(home: Path) -> float:
    """Wait until both workers answer; return the seconds that took."""
    began = time.monotonic()
    while sum("answers with version" in said for said in services.status(home, "house")[0].workers(home)) < 2:
        assert time.monotonic() < began + 30
        time.sleep(0.05)
    return time.monotonic() - began


def metric(home: Path, name: str) -> float:
    text = httpx.get(f"{services.status(home, 'house')[0].deployment.url}/metrics").text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + "{"))


def test_both_answer_and_each_tells_of_both(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = services.status(home, "house")[0].deployment.url
    for _ in range(40):
        assert httpx.post(f"{url}/predict", content=BODY, headers={"content-type": "application/json"}).is_success
    time.sleep(1.5)
    assert {metric(home, "drivetrain_requests_total") for _ in range(10)} == {40.0}
    assert metric(home, "drivetrain_workers") == metric(home, "drivetrain_workers_wanted") == 2
    monkeypatch.setenv("DRIVETRAIN_HOME", str(home))
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert all(f"(process {one.pid}) answers with version 1" in said for one in workers(home))


def test_a_version_is_in_production_once_both_have_it(home: Path) -> None:
    url, _ = deploy(home, "house", "2", str(packages.write_rules(home / "packages" / "2", yes=0.9)), SPEC)
    with opened(services.status(home, "house")[0].deployment.journal_url) as engine, engine.connect() as connection:
        past = events.read(connection)
        assert len(events.alive(connection)) == 2
    assert len({one.worker for one in past if one.version == "2" and one.state == "ready"}) == 2
    time.sleep(0.2)
    assert {httpx.get(f"{url}/readyz").json()["version"] for _ in range(20)} == {"2"}


def test_one_is_replaced_under_load_and_nobody_notices(home: Path) -> None:
    before = metric(home, "drivetrain_requests_total")
    old = workers(home)[0]
    with steady_load(services.status(home, "house")[0].deployment.port, RATE, BODY) as found:
        time.sleep(0.3)
        old.send_signal(signal.SIGTERM)
        while not gone(old.pid):
            time.sleep(0.05)
        until_whole(home)
    assert found["failed"] == []
    time.sleep(1.1)
    assert metric(home, "drivetrain_requests_total") == before + sum(found["answered"].values())


def test_one_that_is_killed_is_back_and_the_other_answers_meanwhile(home: Path) -> None:
    before = metric(home, "drivetrain_requests_total")
    old = workers(home)[0]
    old.kill()
    psutil.wait_procs([old], timeout=10)
    url = services.status(home, "house")[0].deployment.url
    began = time.monotonic()
    answer = httpx.post(f"{url}/predict", content=BODY, headers={"content-type": "application/json"})
    assert answer.status_code == 200 and time.monotonic() - began < count(3, 1)
    assert until_whole(home) < count(30, 5)
    assert metric(home, "drivetrain_requests_total") >= before


def test_stopped_under_load_both_answer_what_they_took_and_refuse_the_rest(home: Path) -> None:
    deployment = services.status(home, "house")[0].deployment
    ended, boss = threading.Thread(target=services.stop, args=(home, "house")), supervisor(home)
    with steady_load(deployment.port, RATE, BODY) as found:
        time.sleep(0.5)
        ended.start()
        ended.join()
        assert gone(boss)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", deployment.port), timeout=5)
    lost = [why for why in found["failed"] if not re.search("Connect call failed|Connection refused", why)]
    assert lost == [] and sum(found["answered"].values()) > RATE / 2
