"""The stages of a lap and which pipeline has which; each gives its part of the summary."""

from collections.abc import Callable
from typing import Any

from pipelines.execute import Lap
from schemas.errors import RefusedError
from schemas.package import Baseline
from schemas.summary import DeploymentRecord, MetricsRecord, ModelRecord, MonitoringRecord

Part = dict[str, Any]


def train(lap: Lap, _parts: Part) -> Part:
    """Train, evaluate, ask the gate, register."""
    from pipelines.circumstances import circumstances
    from pipelines.training import training

    now = circumstances(lap.run, lap.home)
    outcome = lap.run_pipeline(training, run=lap.run, now=now)
    evaluation, baseline = outcome.output("open_test_set", "evaluation"), outcome.output("open_test_set", "baseline_evaluation")
    verdict, version = outcome.output("gate", "verdict"), outcome.output("register", "version")
    reports = lap.home.root / "reports" / lap.run.name / version
    for step, page in (("validate_data", "data_page"), ("open_test_set", "evaluation_page")):
        outcome.page(step, page, reports / f"{page.removesuffix('_page')}.html")
    part: Part = {
        "model": ModelRecord(name=lap.run.name, version=version, stage=None),
        "baseline": Baseline(name=lap.run.baseline.name, metrics=baseline.metrics),
        "metrics": MetricsRecord(**evaluation.metrics, intervals=evaluation.intervals),
        "gate": verdict,
    }
    if not verdict.passed:
        reasons = [check.why for check in verdict.checks if not check.passed]
        part["refused"] = RefusedError(reasons, heading=f"The gate refused version {version}")
    return part


def deploy(lap: Lap, parts: Part) -> Part:
    """Publish the version just trained, or the newest one that the gate passed."""
    from pipelines.publishing import publish_version

    trained = parts.get("model")
    return publish_version(lap, None if trained is None else trained.version)


def monitor(lap: Lap, _parts: Part) -> Part:
    """Compare a window of the journal with the reference of the version in production."""
    from pipelines.watching import watch

    return {"monitoring": watch(lap)}


STAGES: dict[str, tuple[Callable[[Lap, Part], Part], ...]] = {
    "lifecycle": (train, deploy, monitor),
    "training": (train,),
    "deployment": (deploy,),
    "monitoring": (monitor,),
}
