"""What is printed for those who watch a service: made from the table of the metrics, and whole."""

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

from schemas.deploy_spec import DeploySpec
from schemas.home import ROOT
from serving.__main__ import main
from serving.http.metric_table import FAMILIES
from serving.journal.loss import REASONS
from serving.keys import store
from serving.observability.alerts import alerts
from serving.observability.grafana import SCHEMA_VERSION, dashboard
from serving.observability.limits import Limits
from serving.observability.prometheus import rules, scrape
from serving.process import records
from tests.serving.conftest import LocalApp
from tests.serving.observability.dashboards import expressions, metrics
from tests.serving.process.test_unit import deployment

SERIES = {family.series for family in FAMILIES}


def test_the_table_is_what_the_service_counts(local: LocalApp) -> None:
    async def asked() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(opened.app), base_url="http://house") as http:
            return (await http.get("/metrics")).text

    with local(DeploySpec(), 5.0) as opened:
        text = asyncio.run(asked())
    found = {one.name: (one.type, one.documentation) for one in text_string_to_metric_families(text)}
    assert found == {family.name: (family.kind, family.meaning) for family in FAMILIES}
    assert not [one for one in text_string_to_metric_families(text) for sample in one.samples
                if not {"model"} <= set(sample.labels)]  # fmt: skip
    for name in ("drivetrain_journal_lost_requests_total", "drivetrain_journal_lost_rows_total"):
        for reason in REASONS:  # before anything is lost, so that an increase is seen
            assert f'{name}{{model="house",reason="{reason}",version="1"}} 0.0' in text


def test_alerts_name_metrics_of_the_table_and_say_what_to_do(tmp_path: Path) -> None:
    found = yaml.safe_load(rules(deployment(tmp_path), Limits(window="30s", hold="1m", budget=0.25)))
    (group,) = found["groups"]
    named = [rule["alert"] for rule in group["rules"]]
    assert len(set(named)) == len(named) == len(alerts("house", Limits()))
    for rule in group["rules"]:
        assert metrics(rule["expr"]) <= SERIES and (metrics(rule["expr"]) or "up{" in rule["expr"])
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert "house" in rule["annotations"]["summary"] and len(rule["annotations"]["description"]) > 80
        assert rule.get("for") == (
            None if rule["alert"] in ("DrivetrainJournalFailing", "DrivetrainPredictionsLost") else "1m"
        )
    (slow,) = (rule["expr"] for rule in group["rules"] if rule["alert"] == "DrivetrainSlow")
    assert slow.endswith("> 0.25") and "[30s]" in slow


def test_the_page_has_every_alert_with_its_severity() -> None:
    page = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(Drivetrain\w+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert rows == {one.name: one.severity + (", at once" if one.at_once else "") for one in alerts("house", Limits())}


def test_the_dashboard_shows_every_family_and_every_alert_with_its_limit() -> None:
    text = dashboard("house", Limits(budget=0.25))
    found = json.loads(text)
    panels = found["panels"]
    assert found["schemaVersion"] == SCHEMA_VERSION and len(found["uid"]) <= 40
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {name for expression in expressions(text) for name in metrics(expression)} == SERIES
    squares = [panel["gridPos"] for panel in panels]
    places = [(at["x"] + x, at["y"] + y) for at in squares for x in range(at["w"]) for y in range(at["h"])]
    assert len(set(places)) == len(places) and max(x for x, _ in places) < 24
    (slow,) = (panel for panel in panels if panel["title"] == "Slow")
    assert slow["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == 0.25
    of = {panel["title"]: panel["fieldConfig"]["defaults"] for panel in panels if "fieldConfig" in panel}
    assert [title for title, one in of.items() if "min" not in one] == ["Worker stopped"], "its fault is below 0"
    assert [step["color"] for step in of["Worker stopped"]["thresholds"]["steps"]] == ["red", "green"]
    for panel in panels:
        marks = [target["refId"] for target in panel.get("targets", [])]
        assert len(set(marks)) == len(marks) and panel["title"]


def test_a_long_name_has_an_identifier_that_grafana_takes() -> None:
    one, other = (json.loads(dashboard("a" * 60 + end, Limits()))["uid"] for end in "bc")
    assert one != other and len(one) <= 40


def test_the_scrape_configuration_shows_a_key_by_its_file_where_keys_are_asked_for(tmp_path: Path) -> None:
    one = deployment(tmp_path)
    assert "authorization" not in yaml.safe_load(scrape(tmp_path, one))["scrape_configs"][0]
    _, key = store.add(records.keys_path(tmp_path, "house"), "prometheus", None)
    text = scrape(tmp_path, one)
    (job,) = yaml.safe_load(text)["scrape_configs"]
    assert key not in text and job["static_configs"] == [{"targets": ["127.0.0.1:20123"]}]
    assert job["authorization"] == {"type": "Bearer", "credentials_file": "/etc/prometheus/drivetrain-house.key"}


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    records.write(tmp_path, deployment(tmp_path, latency_budget=0.5))


def test_commands_print_files_with_the_budget_of_the_deployment(
    recorded: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "house"]) == 0
    assert "> 0.5\n" in capsys.readouterr().out
    assert main(["rules", "--budget", "0.02", "--window", "1m"]) == 0
    printed = capsys.readouterr().out
    assert "> 0.02\n" in printed and "[1m]" in printed
    assert main(["dashboard"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Drivetrain: house"
    assert main(["scrape"]) == 0
    assert "127.0.0.1:20123" in capsys.readouterr().out


def test_limits_that_cannot_be_are_told_all_at_once(recorded: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "house", "--window", "soon", "--errors", "2"]) == 2
    said = capsys.readouterr()
    assert "--window: 'soon'" in said.err and "--errors: '2'" in said.err and not said.out


@pytest.mark.parametrize("limit", ["window=5m1h", "window=0s", "window=", "window=500y", "budget=inf", "budget=10"])
def test_what_prometheus_would_refuse_or_never_tell_is_refused(limit: str) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(dict([limit.split("=")]))


def test_durations_of_prometheus_are_taken_and_no_hold_is_one() -> None:
    found = Limits(window="1h30m5s200ms", hold="0s", budget=9.9)
    assert (found.window, found.hold) == ("1h30m5s200ms", "0s")
    with pytest.raises(ValidationError, match="less than 10"):
        DeploySpec(latency_budget=10)
