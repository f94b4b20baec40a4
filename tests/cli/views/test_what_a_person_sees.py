"""Progress, the closing table and the plan: for a person, and as lines for a program."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli.progress import Progress
from cli.views.plan import plan_lines
from cli.views.summary import next_commands, plain_lines, show_summary
from schemas.evaluation import CheckOutcome, GateVerdict
from schemas.monitoring import ColumnDrift
from schemas.package import Baseline
from schemas.plan import Missing, Plan, PlannedChange, PlannedStep
from schemas.release import Release
from schemas.run import Run
from schemas.stack import Resources
from schemas.summary import DeploymentRecord, MetricsRecord, ModelRecord, MonitoringRecord, Summary

URL = "http://127.0.0.1:23456"
CHECK = CheckOutcome(name="min", value=0.99, threshold=0.95, passed=True, why="roc_auc [0.99] is at least 0.95")
SUMMARY = Summary(
    experiment="breast_cancer",
    pipeline="lifecycle",
    stack="local",
    status="succeeded",
    model=ModelRecord(name="breast_cancer", version="3", stage="production"),
    baseline=Baseline(name="majority", metrics={"test": {"roc_auc": 0.5}}),
    metrics=MetricsRecord(test={"roc_auc": 0.99, "f1": None}, intervals={"test": {"roc_auc": (0.98, 1.0)}}),
    gate=GateVerdict(passed=True, checks=[CHECK]),
    deployment=DeploymentRecord(url=URL, releases=[Release(version="3", weight=1.0)]),
    monitoring=MonitoringRecord(
        verdict="no_verdict",
        columns=[ColumnDrift(column="a", verdict="no_verdict", why="too few rows")],
        report="/somewhere/report.html",
    ),
    seconds={"train": 1.5},
)
REFUSED = Summary(
    experiment="x", pipeline="training", stack="local", status="refused", error="The gate refused:\n  - no"
)


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("console", [terminal(), Console(file=io.StringIO(), width=40)], ids=["person", "program"])
def test_the_last_loopback_url_is_the_services(console: Console) -> None:
    show_summary(console, SUMMARY, Path("/out/summary.json"), "python run.py +experiment=x")
    text = shown(console)
    assert text.rstrip().endswith(URL)
    assert "roc_auc" in text
    assert "[0.99]" in text
    assert "/somewhere/report.html" in text
    assert "pipeline=monitoring" in text


def test_a_program_reads_one_fact_a_line() -> None:
    lines = list(plain_lines(SUMMARY, Path("/out/summary.json"), "python run.py +experiment=x"))
    assert "status: succeeded" in lines
    assert "model: breast_cancer version 3 stage production" in lines
    assert "test roc_auc: 0.99 interval 0.98 to 1 baseline 0.5" in lines
    assert "gate min: passed (roc_auc [0.99] is at least 0.95)" in lines


@pytest.mark.parametrize("console", [terminal(), Console(file=io.StringIO())], ids=["person", "program"])
def test_a_refusal_shows_its_reasons(console: Console) -> None:
    show_summary(console, REFUSED, Path("/out/summary.json"), "python run.py +experiment=x")
    assert "refused" in shown(console)
    assert "The gate refused:" in shown(console)


def test_the_next_command_fits_how_it_went() -> None:
    assert next_commands(REFUSED, "python run.py +experiment=x") == ["python -m serving status"]
    assert next_commands(REFUSED.model_copy(update={"status": "failed"}), "python run.py") == []
    trained = REFUSED.model_copy(update={"status": "succeeded", "error": None})
    assert next_commands(trained, "python run.py +experiment=x") == ["python run.py +experiment=x pipeline=deployment"]


@pytest.mark.parametrize("console", [terminal(), Console(file=io.StringIO())], ids=["person", "program"])
def test_progress_tells_every_step_and_when_the_first_begins(console: Console) -> None:
    started: list[bool] = []
    with Progress(console, lambda: started.append(True)) as progress:
        progress.stage("stack: create [x]")
        assert not started
        progress.step_started("training", "load")
        progress.step_finished("training", "load", 1.25, "done")
        progress.step_finished("training", "split", 0.0, "reused")
        progress.note("column [id] is dropped")
        progress.step_started("training", "train")
    text = shown(console)
    assert started
    for word in ("stack: create [x]", "load", "1.2 s", "split", "reused", "column [id] is dropped"):
        assert word in text


def test_a_log_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(file=io.StringIO())
    with Progress(console, lambda: None) as progress:
        progress.step_started("training", "load")
        progress.step_finished("training", "load", 1.25, "failed")
    assert shown(console).splitlines() == ["pipeline training", "step training.load failed 1.2 s"]


def test_a_plan_names_changes_steps_resources_and_what_is_missing(load: object) -> None:
    run = load("+experiment=diabetes")  # type: ignore[operator]
    assert isinstance(run, Run)
    plan = Plan(
        changes=[PlannedChange(action="create", kind="stack", name="s", details={"flavor": "local"})],
        steps=[
            PlannedStep(pipeline="training", step="train", component="ridge", action="reuse", why="nothing changed")
        ],
        resources={"train": Resources(cpu_count=2)},
        missing=[Missing(what="an extra", command="pip install x")],
    )
    text = "\n".join(plan_lines(run, plan))
    for word in (
        "create stack s flavor=local",
        "reuse   training.train (ridge)",
        "train: cpu_count 2",
        "pip install x",
    ):
        assert word in text
    unchanged = PlannedChange(action="unchanged", kind="stack", name="drivetrain-local")
    assert "  = unchanged stack drivetrain-local" in "\n".join(plan_lines(run, Plan(changes=[unchanged], steps=[])))
