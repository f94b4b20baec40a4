"""The closing lines of a run: what a person reads there is what `summary.json` says."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli.views.summary import plain_lines, show_summary
from schemas.monitoring import ColumnDrift
from schemas.summary import MonitoringRecord, Summary


def monitored(verdict, *columns):
    found = [ColumnDrift(column=name, verdict=one, why=why) for name, one, why in columns]
    record = MonitoringRecord(verdict=verdict, columns=found, report="/r.html")
    return Summary(
        experiment="m", pipeline="monitoring", stack="local", status="succeeded", monitoring=record, runs=["1"]
    )


def lines(summary):
    return [line for line in plain_lines(summary, Path("s.json"), "python run.py") if line.startswith("monitoring")]


def test_drift_names_the_columns_and_the_reason():
    summary = monitored("drift", ("size", "drift", "moved by 0.40"), ("color", "ok", "no change found"))
    assert lines(summary) == ["monitoring: drift", "monitoring size: drift (moved by 0.40)"]


def test_no_verdict_names_the_columns_of_one_reason_together():
    columns = [(f"c{number}", "no_verdict", "only 12 rows") for number in range(7)]
    assert lines(monitored("no_verdict", *columns)) == [
        "monitoring: no_verdict",
        "monitoring c0, c1, c2, c3, c4 and 2 more: no_verdict (only 12 rows)",
    ]


def test_many_reasons_are_left_to_the_report():
    columns = [(f"c{number}", "drift", f"moved by {number}") for number in range(7)]
    shown = lines(monitored("drift", *columns))
    assert len(shown) == 1 + 5 + 1
    assert shown[-1] == "monitoring c5, c6: drift (for reasons that the report names)"


def test_ok_names_no_column():
    assert lines(monitored("ok", ("size", "ok", "no change found"))) == ["monitoring: ok"]


@pytest.mark.parametrize("name", ["size", "[bold]size[/]"])
def test_a_person_sees_the_same(name):
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=200, color_system=None)
    show_summary(console, monitored("drift", (name, "drift", "moved by 0.40")), Path("s.json"), "python run.py")
    assert f"{name}: moved by 0.40" in text.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [({"train": 1.5}, "1.5 s in steps\n"), ({"train": 0.0, "gate": 0.4}, "0.4 s in steps, 1 step reused\n")],
)
def test_steps_that_were_reused_are_counted(seconds, words):
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=200, color_system=None)
    show_summary(console, monitored("ok").model_copy(update={"seconds": seconds}), Path("s.json"), "python run.py")
    assert words in text.getvalue()
