"""Whether a retraining is due: by hand, or by what was declared of drift, labels and time."""

import hashlib
import time
from typing import Any

from pipelines.execution.outcome import Outcome
from pipelines.execution.session import RunSession
from schemas.monitoring import MonitoringReport
from schemas.retraining import Cause, seconds_of
from schemas.timestamps import iso
from serving.journal.opened import opened
from serving.retraining.causes import OVER, all_of
from serving.retraining.rows import count_labels
from steps.gate.production import Production

_LOOKED_AT = 20  # monitoring runs


def due_causes(session: RunSession, current: Production, newest: int) -> tuple[list[Cause], str]:
    """Return the causes that hold now, the most pressing first, and why there are none.

    Args:
        session: The run.
        current: In production.
        newest: The number of the newest label.
    """
    spec = session.run.retrain
    if spec.trigger == "hand":
        name = spec.id if spec.id is not None else f"labels-{newest}"
        return [Cause(name=f"hand:{name}", trigger="hand", why="asked for by hand")], ""
    found = [
        _drift(session, current) if spec.drift else "retrain.drift is off",
        _labels(session, newest) if spec.labels is not None else "retrain.labels is off",
        _schedule(spec.every) if spec.every is not None else "retrain.every is not declared",
    ]
    causes = [one for one in found if isinstance(one, Cause)]
    return causes, "; ".join(one for one in found if isinstance(one, str))


def _drift(session: RunSession, current: Production) -> Cause | str:
    report = _last_report(session.run.name)
    if report is None:
        return "no monitoring run has looked at it yet"
    if report.version != current.version:
        return f"the last monitoring run was of version {report.version}, and {current.version} is in production"
    if report.verdict != "drift":
        return f"the verdict of the last monitoring run was {report.verdict}"
    window = f"{report.model}|{report.version}|{report.first}|{report.last}|{report.rows}"
    number = hashlib.sha256(window.encode()).hexdigest()[:16]
    return Cause(name=f"drift:{number}", trigger="drift", why=f"drift in the window up to {report.last}: {report.why}")


def _last_report(model: str) -> MonitoringReport | None:
    """Return the newest report of monitoring that ZenML's store has of a model."""
    from zenml.client import Client

    runs: Any = Client().list_pipeline_runs(
        name=f"startswith:{model}-monitoring-", sort_by="desc:created", size=_LOOKED_AT, hydrate=True
    )
    for run in runs.items:
        report = Outcome(run).output("detect_drift", "report")
        if isinstance(report, MonitoringReport) and report.model == model:
            return report
    return None


def _labels(session: RunSession, newest: int) -> Cause | str:
    wanted = session.run.retrain.labels
    assert wanted is not None, "asked only where it is declared"
    with opened(session.journal_url) as engine, engine.connect() as connection:
        done = [one for one in all_of(connection) if one.outcome in OVER]  # one that failed is tried again
    before = max((one.last_label for one in done), default=0)
    came = count_labels(session.journal_url, before, newest)
    if came < wanted:
        return f"{came:,} labels came since the last retraining, fewer than retrain.labels {wanted:,}"
    return Cause(name=f"labels:after-{before}", trigger="labels", why=f"{came:,} labels came since the last retraining")


def _schedule(every: str) -> Cause:
    """Return the cause of the span that is now: there is one in each, however late it is looked at."""
    seconds = seconds_of(every)
    begins = time.time() // seconds * seconds
    return Cause(
        name=f"schedule:{every}:{int(begins)}", trigger="schedule", why=f"due every {every}, from {iso(begins)}"
    )
