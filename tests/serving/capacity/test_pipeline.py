"""`pipeline=capacity` on a real service: what it can do is written, and the service knows nothing of it."""

import json
from types import SimpleNamespace
from typing import Any

import httpx
import yaml

from pipelines.stages.capacity import capacity
from schemas.capacity import CapacityRecord, CapacitySpec
from schemas.home import Home
from schemas.summary import ModelRecord
from serving.__main__ import main
from serving.journal.predictions import count
from tests.serving.conftest import Live


def test_a_copy_is_loaded_and_what_it_can_do_is_written(live: Live, capsys: Any) -> None:
    said: list[str] = []
    session: Any = SimpleNamespace(
        run=SimpleNamespace(name="house", capacity=CapacitySpec(seconds=3, latency_budget=1.0, peak=1e6), seed=0),
        home=Home(live.home),
        journal_url=live.journal_url,
        observer=SimpleNamespace(note=said.append, stage=said.append),
        seconds={},
    )
    before, version = count(live.journal_url), httpx.get(f"{live.url}/readyz").json()["version"]
    parts = capacity(session, {})
    record = parts["capacity"]
    assert isinstance(record, CapacityRecord) and isinstance(parts["model"], ModelRecord)
    assert record.version == version and record.requests_per_second > 20 and record.p99_seconds <= 1.0
    assert 50e6 < record.memory_bytes < 1e9 and 0 < record.cpu_cores < 4 and 0 < record.start_seconds < 60
    assert record.max_replicas >= 1e6 / record.planned - 1
    assert session.seconds["load_test"] > 0 and any("requests a second" in text for text in said)
    assert json.loads(record.model_dump_json())["report"] == record.report

    assert count(live.journal_url) == before, "the load is no traffic"
    assert httpx.get(f"{live.url}/readyz").status_code == 200
    assert not list((live.home / "capacity").rglob("*.db")) and not list((live.home / "capacity").rglob("*.log"))

    page = Home(live.home).report("house", "capacity", version)
    assert f"{record.requests_per_second:,.0f}" in page.read_text() and "<script" not in page.read_text()
    kinds = [one["kind"] for one in yaml.safe_load_all(page.with_suffix(".yaml").read_text())]
    assert kinds == ["Deployment", "Service", "HorizontalPodAutoscaler"]
    assert main(["manifest", str(record.autoscaler)]) == 0
    assert "nothing that a cluster would refuse" in capsys.readouterr().out
