"""Spans and metrics at a sink of OTLP/HTTP on the loopback, and answers that never wait for it."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from schemas.deploy_spec import DeploySpec
from schemas.home import ROOT
from serving.http import app
from serving.http.telemetry import Telemetry
from serving.journal import tables
from serving.journal.opened import opened
from serving.journal.schema import requests
from serving.journal.writer import Journal
from serving.process.settings import Settings
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp
from tests.serving.http.test_traceparent import GOOD, SPAN, TRACE

pytestmark = pytest.mark.slow
SECRET = "a-secret-token"


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent, by path; `slow` ones never answer."""

    daemon_threads = True

    def __init__(self, *, slow: bool = False) -> None:
        self.got: list[tuple[str, str, Any]] = []
        self.over = threading.Event()
        self.slow = slow
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, path: str) -> list[Any]:
        return [content for where, _, content in self.got if where == path]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        content = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.got.append((self.path, str(self.headers["authorization"]), content))
        if self.server.slow:
            self.server.over.wait(30)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def collecting(*, slow: bool = False) -> Iterator[Collector]:
    server = Collector(slow=slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def house(local: LocalApp) -> Iterator[Local]:
    with local(DeploySpec(), 5.0) as opened_app:
        yield opened_app


@contextmanager
def watched(house: Local, telemetry: Telemetry) -> Iterator[httpx.AsyncClient]:
    """The application once more, with telemetry."""
    engine = tables.open_existing(house.journal_url)
    journal = Journal(engine)
    config = Settings(model="house", journal_url=house.journal_url, cache=Path("/nowhere"), spec=DeploySpec())
    built = app.build(config, house.follower, journal, None, telemetry)
    try:
        yield httpx.AsyncClient(transport=httpx.ASGITransport(built), base_url="http://house")
    finally:
        journal.close()
        engine.dispose()


def ask(http: httpx.AsyncClient, *bodies: Any, headers: dict[str, str] | None = None) -> list[httpx.Response]:
    async def all_of() -> list[httpx.Response]:
        return [await http.post("/predict", json=body, headers=headers) for body in bodies]

    return asyncio.run(all_of())


def environment(patch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("TRACES_ENDPOINT", "METRICS_ENDPOINT", "PROTOCOL", "TIMEOUT"):
        patch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
    patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    patch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization=Bearer%20{SECRET}")
    patch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")


def plain(attributes: list[Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in attributes}


def test_a_request_is_a_span_of_its_callers_trace_and_the_metrics_come_too(
    house: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as sink:
        environment(monkeypatch, sink.url)
        telemetry = Telemetry("house", "worker-1")
        with watched(house, telemetry) as http:
            body = {"instances": [packages.ROW, packages.ROW]}
            (good,) = ask(http, body, headers={"traceparent": GOOD, "tracestate": "vendor=1"})
            ask(http, body, {"instances": [{}]}, headers={"traceparent": "00-nonsense"})
            telemetry.close()
        (traces,) = sink.of("/v1/traces")
        metrics = sink.of("/v1/metrics")
    assert {key for _, key, _ in sink.got} == {f"Bearer {SECRET}"}
    (resource,) = traces["resourceSpans"]
    about = plain(resource["resource"]["attributes"])
    assert (about["service.name"], about["service.instance.id"]) == ("drivetrain-house", "worker-1")
    assert about["deployment.environment"] == "test"
    first, second, refused = resource["scopeSpans"][0]["spans"]
    assert (first["traceId"], first["parentSpanId"], first["kind"]) == (TRACE, SPAN, 2)
    assert first["traceState"] == "vendor=1" and int(first["endTimeUnixNano"]) > int(first["startTimeUnixNano"])
    found = plain(first["attributes"])
    assert (found["http.response.status_code"], found["drivetrain.version"]) == ("200", "1")
    assert (found["drivetrain.rows"], found["drivetrain.request_id"]) == ("2", good.json()["request_id"])
    assert "parentSpanId" not in second and second["traceId"] != TRACE, "what is malformed is ignored"
    assert plain(refused["attributes"])["http.response.status_code"] == "422" and refused["status"]["code"] == 0

    (scoped,) = metrics[-1]["resourceMetrics"][0]["scopeMetrics"]
    by_name = {one["name"]: one for one in scoped["metrics"]}
    points = by_name["drivetrain_requests"]["sum"]["dataPoints"]
    counted = {plain(one["attributes"])["status"]: one["asDouble"] for one in points}
    assert counted == {"200": 2.0, "422": 1.0} and by_name["drivetrain_request_seconds"]["unit"] == "s"
    (point,) = by_name["drivetrain_request_seconds"]["histogram"]["dataPoints"]
    assert point["count"] == "3" and len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1
    assert sum(map(int, point["bucketCounts"])) == 3

    with opened(house.journal_url) as engine, engine.connect() as connection:
        kept = dict(connection.execute(select(requests.c.request_id, requests.c.trace)).tuples().all())
    assert kept.pop(good.json()["request_id"]) == GOOD and set(kept.values()) == {None}


@pytest.mark.parametrize("kind", ["down", "slow", "refused"])
def test_a_sink_that_is_down_or_slow_delays_no_answer(
    house: Local, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "64")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "16")
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
    with collecting(slow=True) as sink, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        environment(monkeypatch, {"down": closed, "slow": sink.url, "refused": "ftp://somewhere"}[kind])
        telemetry = Telemetry("house", "worker-1")
        with watched(house, telemetry) as http:
            started = time.perf_counter()
            answers = ask(http, *[{"instances": [packages.ROW]}] * 200)
            took = time.perf_counter() - started
            assert {one.status_code for one in answers} == {200} and took < 8, "10 seconds is how long a sink may take"
            ending = time.perf_counter()
            telemetry.close()
            assert time.perf_counter() - ending < 4
    assert SECRET not in caplog.text
    if kind != "slow":
        assert 1 <= caplog.text.count("cannot be sent") <= 6, "a failure is told once"


def test_nothing_of_it_is_imported_where_it_is_off() -> None:
    code = "import sys, serving.http.app; print([one for one in sys.modules if 'telemetry' in one or 'otlp' in one])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
