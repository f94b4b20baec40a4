"""A real Prometheus scrapes two workers, and tells of what goes wrong with them."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import uvicorn
import yaml

from schemas.deploy_spec import DeploySpec
from serving.http.metric_table import FAMILIES
from serving.http.sharing import Sharing
from serving.keys import store
from serving.observability.grafana import INTERVAL, dashboard
from serving.observability.limits import Limits
from serving.observability.prometheus import rules, scrape
from serving.process import notes, records
from serving.process.notes import Note
from tests.serving import packages
from tests.serving.conftest import Live, LocalApp
from tests.serving.observability.dashboards import expressions
from tests.serving.observability.prometheus_server import Prometheus, checked, running, told
from tests.serving.process.test_unit import deployment

LIMITS = Limits(window="3s", hold="200ms", budget=0.001)
SILENT = {"DrivetrainDown", "DrivetrainNotReady", "DrivetrainJournalFailing"}
UNUSED = tuple(
    f"drivetrain_{what}"
    for what in ("shadow", "comparisons", "lookup", "rollout", "shared", "repeated", "threshold", "needs_review")
)
"""What has no sample where nothing of the kind is declared or runs."""
MANY = {"instances": [packages.ROW] * 500}


@contextmanager
def answering(app: Any) -> Iterator[uvicorn.Server]:
    """Let an application answer at a port in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server
    finally:
        server.should_exit = True
        thread.join()


def address_of(server: uvicorn.Server) -> str:
    port = server.servers[0].sockets[0].getsockname()[1]
    return f"127.0.0.1:{port}"


def configured(folder: Path, live: Live, other: str, key: str) -> None:
    """Write what the commands print, with a second target, and quicker than a person would have it."""
    found = records.find(live.home, "house")
    (folder / "drivetrain-house.rules.yml").write_text(rules(found, LIMITS))
    config = yaml.safe_load(scrape(live.home, found))
    (job,) = config["scrape_configs"]
    assert job["static_configs"] == [{"targets": [urlsplit(live.url).netloc]}]
    job["static_configs"][0]["targets"].append(other)
    (folder / "key").write_text(key)
    job["authorization"] = {"type": "Bearer", "credentials_file": str(folder / "key")}
    config["global"] = {"scrape_interval": "300ms", "scrape_timeout": "300ms", "evaluation_interval": "300ms"}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    checked("config", folder / "prometheus.yml")
    checked("rules", folder / "drivetrain-house.rules.yml")


def awaited(server: Prometheus, wanted: Callable[[set[tuple[str, str]]], bool], meanwhile: Callable[[], Any]) -> None:
    ends = time.monotonic() + 40
    while not wanted(server.firing()):
        assert time.monotonic() < ends, server.firing()
        meanwhile()
        time.sleep(0.1)


def test_alerts_fire_on_errors_on_latency_and_on_stopped_workers(live: Live, local: LocalApp, tmp_path: Path) -> None:
    shared = tmp_path / "workers"
    shared.mkdir()
    one_of_two = Sharing(shared, 1, 2, "house")
    with (
        local(DeploySpec(deadline=1e-6), 5.0, sharing=one_of_two) as opened,
        answering(opened.app) as second,
    ):
        other = address_of(second)
        _, key = store.add(opened.keys, "prometheus", None)
        configured(tmp_path, live, other, key)

        def both_live() -> None:
            notes.write(shared, Note("b", os.getpid(), 2, notes.now(), "answers", []))

        both_live()
        with running(tmp_path) as server, httpx.Client() as http:
            awaited(server, lambda firing: not {name for name, _ in firing} & SILENT, both_live)
            headers = {"authorization": f"Bearer {key}"}

            def fail() -> None:
                both_live()
                answer = http.post(f"http://{other}/predict", json={"instances": [packages.ROW]}, headers=headers)
                assert answer.status_code in (408, 504)

            def take_long() -> None:
                assert http.post(f"{live.url}/predict", json=MANY).status_code == 200

            awaited(server, lambda firing: ("DrivetrainErrors", "") in firing, fail)
            assert "DrivetrainWorkerStopped" not in {name for name, _ in server.firing()}
            awaited(server, lambda firing: ("DrivetrainSlow", "") in firing, take_long)
            awaited(server, lambda firing: ("DrivetrainWorkerStopped", other) in firing, lambda: None)
            _of_the_dashboard(server)
            assert not {name for name, _ in server.firing()} & SILENT
            second.should_exit = True
            awaited(server, lambda firing: ("DrivetrainDown", other) in firing, lambda: None)
            stayed = urlsplit(live.url).netloc
            assert not {("DrivetrainDown", stayed), ("DrivetrainWorkerStopped", stayed)} & server.firing()


def test_promtool_plays_a_stopped_worker_and_a_burst_of_losses_to_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "house.rules.yml"
    file.write_text(rules(deployment(tmp_path), Limits()))
    labels = 'model="house",instance="i"'
    workers = {f"drivetrain_workers{{{labels}}}": "2x8 1x40", f"drivetrain_workers_wanted{{{labels}}}": "2x60"}
    assert not told(file, workers, "DrivetrainWorkerStopped", "2m")
    (one,) = told(file, workers, "DrivetrainWorkerStopped", "5m")
    assert (one["instance"], one["severity"]) == ("i", "warning")
    lost = {f'drivetrain_journal_lost_requests_total{{{labels},version="1",reason="full"}}': "0x19 5000x40"}
    assert not told(file, lost, "DrivetrainPredictionsLost", "4m")
    assert told(file, lost, "DrivetrainPredictionsLost", "5m15s"), "at once, though all are lost between two scrapes"
    slow = {
        f'drivetrain_request_seconds_bucket{{{labels},version="1",le="{bound}"}}': "0+1x80"
        if bound == "+Inf"
        else "0x80"
        for bound in ("5.0", "10.0", "+Inf")
    }
    file.write_text(rules(deployment(tmp_path), Limits(budget=9.9)))
    assert told(file, slow, "DrivetrainSlow", "15m"), "the largest budget that can be declared"


def _of_the_dashboard(server: Prometheus) -> None:
    """Every expression is one, and asks for what is there."""
    known = set(server.asked("/label/__name__/values"))
    missing = [family.name for family in FAMILIES if family.series not in known]
    assert not [name for name in missing if not name.startswith(UNUSED)], "families without a sample"
    texts = expressions(dashboard("house", LIMITS))
    found = [server.asked("/query", query=text.replace(INTERVAL, "3s"))["result"] for text in texts]
    assert sum(map(bool, found)) > len(FAMILIES) / 2
