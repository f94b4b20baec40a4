"""When a retraining is due, and for which cause."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ml.io.process_identity import ProcessIdentity
from pipelines.stages import due
from schemas.monitoring import MonitoringReport, Verdict
from schemas.retraining import Cause, RetrainSpec
from serving.journal.engine import connect
from serving.journal.labels import Label, record
from serving.journal.location import sqlite_url
from serving.journal.tables import create
from serving.retraining.causes import Claim, claim, end
from serving.retraining.rows import last_label
from steps.gate.production import Production

CURRENT = Production(version="2", package_url="here")


def report(verdict: Verdict = "drift", version: str = "2", last: str = "2026-11-30") -> MonitoringReport:
    return MonitoringReport(
        model="loop", version=version, verdict=verdict, why="rows changed", rows=9, last=last, columns=[]
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = sqlite_url(tmp_path / "journal.db")
    create(found)
    return found


def causes(url: str, **declared: Any) -> tuple[dict[str, str], str]:
    spec = RetrainSpec(**{"trigger": "auto", "labels": None, "drift": False, **declared})
    session: Any = SimpleNamespace(run=SimpleNamespace(name="loop", retrain=spec), journal_url=url)
    found, why = due.due_causes(session, CURRENT, last_label(url))
    return {one.trigger: one.name for one in found}, why


def label(url: str, count: int) -> None:
    with connect(url).begin() as connection:
        before = last_label(url)
        record(connection, [Label(f"r{before + number}", 0, '"yes"', 1.0) for number in range(count)])


def test_by_hand_the_labels_that_there_are_or_a_name_are_the_cause(url: str) -> None:
    label(url, 3)
    assert causes(url, trigger="hand")[0] == {"hand": "hand:labels-3"}
    assert causes(url, trigger="hand", id="after-the-fair")[0] == {"hand": "hand:after-the-fair"}


def test_where_nothing_is_declared_nothing_is_due(url: str) -> None:
    assert causes(url) == ({}, "retrain.drift is off; retrain.labels is off; retrain.every is not declared")


def test_new_labels_are_counted_from_those_that_the_last_retraining_saw(url: str) -> None:
    label(url, 4)
    assert causes(url, labels=5) == (
        {},
        "retrain.drift is off; 4 labels came since the last retraining, fewer than retrain.labels 5; "
        "retrain.every is not declared",
    )
    label(url, 1)
    assert causes(url, labels=5)[0] == {"labels": "labels:after-0"}
    engine, cause = connect(url), Cause(name="labels:after-0", trigger="labels", why="")
    for outcome, name in (("failed", "labels:after-0"), ("refused", None)):
        mine = claim(engine, cause, 5, 0.0, ProcessIdentity.mine().model_dump_json())
        assert isinstance(mine, Claim)
        end(engine, mine, outcome, "")  # type: ignore[arg-type]
        assert causes(url, labels=5)[0].get("labels") == name, "one that failed is tried again"
    label(url, 5)
    assert causes(url, labels=5)[0] == {"labels": "labels:after-5"}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "no monitoring run has looked at it yet"),
        (report(version="1"), "the last monitoring run was of version 1, and 2 is in production"),
        (report("no_verdict"), "the verdict of the last monitoring run was no_verdict"),
    ],
)
def test_without_drift_of_the_version_in_production_nothing_is_due(
    url: str, monkeypatch: pytest.MonkeyPatch, found: MonitoringReport | None, why: str
) -> None:
    monkeypatch.setattr(due, "_last_report", lambda _model: found)
    assert causes(url, drift=True)[0] == {} and why in causes(url, drift=True)[1]


def test_a_window_with_drift_is_one_cause_and_the_next_window_another(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for last in ("2026-11-30", "2026-11-30", "2026-12-01"):
        monkeypatch.setattr(due, "_last_report", lambda _model, last=last: report(last=last))
        names.append(causes(url, drift=True)[0]["drift"])
    assert names[0] == names[1] != names[2] and names[0].startswith("drift:")


def test_a_schedule_is_due_once_in_each_span(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for now in (86400.0, 86400.0 + 3599, 86400.0 + 3600):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        names.append(causes(url, every="1h")[0]["schedule"])
    assert names == ["schedule:1h:86400", "schedule:1h:86400", "schedule:1h:90000"]
