"""The stage that trains: from raw rows to a gated, registered model package."""

from typing import Any

from ml.evaluation.ceiling import ceiling_notes
from ml.package.storage import read_manifest
from pipelines.execution.context import run_context
from pipelines.execution.session import Part, RunSession
from pipelines.training import training
from schemas.errors import RefusedError
from schemas.summary import MetricsRecord, ModelRecord


def train(session: RunSession, _parts: Part) -> Part:
    """Train, evaluate, ask the gate, register."""
    now = run_context(session.run, session.home)
    return trained(session, session.run_pipeline(training, run=session.run, now=now))


def trained(session: RunSession, outcome: Any) -> Part:
    """Tell a person what a run that trained came to, and return its part of the summary."""
    evaluation = outcome.output("open_test_set", "evaluation")
    manifest = read_manifest(outcome.output("package", "model").root)
    verdict, version = outcome.output("gate", "verdict"), outcome.output("register", "version")
    page = outcome.page("gate", "evaluation_page", session.report(outcome, "evaluation"))
    for text in manifest.warnings:
        session.observer.note(f"warning while training: {text}")
    session.observer.note(f"packaged as {manifest.runtime}: {manifest.runtime_reason}")
    if manifest.learning is not None:
        session.observer.note(f"learning: {manifest.learning.diagnosis}. {manifest.learning.why}")
    if manifest.review is not None:
        kind = "review" if manifest.review.keeps_its_promise else "warning"
        session.observer.note(f"{kind}: {manifest.review.why}")
    for text in ceiling_notes(outcome.output("validate_data", "data_report").ceiling, evaluation):
        session.observer.note(f"ceiling: {text}")
    session.observer.note(f"evaluation: {page}")
    part: Part = {
        "model": ModelRecord(name=session.run.name, version=version, stage=None),
        "baseline": manifest.baseline,
        "metrics": MetricsRecord(**evaluation.metrics, intervals=evaluation.intervals),
        "gate": verdict,
    }
    if not verdict.passed:
        part["refused"] = RefusedError(verdict.reasons, heading=f"The gate refused version {version}")
    return part
