"""The stages of a run and which pipeline has which; each gives its part of the summary."""

from collections.abc import Callable
from typing import Any

from ml.package.storage import read_manifest
from pipelines.execution.session import RunSession
from schemas.errors import RefusedError
from schemas.summary import MetricsRecord, ModelRecord

Part = dict[str, Any]


def train(session: RunSession, _parts: Part) -> Part:
    """Train, evaluate, ask the gate, register."""
    from pipelines.execution.context import run_context
    from pipelines.training import training

    now = run_context(session.run, session.home)
    outcome = session.run_pipeline(training, run=session.run, now=now)
    evaluation = outcome.output("open_test_set", "evaluation")
    manifest = read_manifest(outcome.output("package", "model").root)
    verdict, version = outcome.output("gate", "verdict"), outcome.output("register", "version")
    page = outcome.page("open_test_set", "evaluation_page", session.report(outcome, "evaluation"))
    for text in manifest.warnings:
        session.observer.note(f"warning while training: {text}")
    session.observer.note(f"packaged as {manifest.runtime}: {manifest.runtime_reason}")
    if manifest.learning is not None:
        session.observer.note(f"learning: {manifest.learning.diagnosis}. {manifest.learning.why}")
    if manifest.review is not None:
        kind = "review" if manifest.review.keeps_its_promise else "warning"
        session.observer.note(f"{kind}: {manifest.review.why}")
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


def deploy(session: RunSession, parts: Part) -> Part:
    """Publish the version just trained, or the newest one that the gate passed."""
    from pipelines.stages.deploy import publish_version

    trained = parts.get("model")
    return publish_version(session, None if trained is None else trained.version)


def monitor(session: RunSession, _parts: Part) -> Part:
    """Compare a window of the journal with the reference of the version in production."""
    from pipelines.stages.monitor import watch

    return {"monitoring": watch(session)}


def explore(session: RunSession, _parts: Part) -> Part:
    """Put the page about the training rows where a person finds it."""
    from pipelines.stages.explore import show_page

    return show_page(session)


def predict_batch(session: RunSession, _parts: Part) -> Part:
    """Predict a table of rows with the version in production."""
    from pipelines.stages.batch_inference import predict_rows

    return predict_rows(session)


STAGES: dict[str, tuple[Callable[[RunSession, Part], Part], ...]] = {
    "lifecycle": (train, deploy, monitor),
    "training": (train,),
    "deployment": (deploy,),
    "monitoring": (monitor,),
    "explore": (explore,),
    "batch_inference": (predict_batch,),
}
