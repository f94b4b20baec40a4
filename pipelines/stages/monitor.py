"""The stage that monitors what a service has predicted."""

from ml.reports.formats import count
from ml.values.display import readable
from pipelines.execution.context import production
from pipelines.execution.session import Part, RunSession
from pipelines.monitoring import monitoring
from schemas.alert import AlertRecord
from schemas.errors import DeploymentError
from schemas.metrics import HIGHER_IS_BETTER
from schemas.monitoring import ColumnDrift, MonitoringReport, Performance
from schemas.pipelines import ALERT
from schemas.summary import MonitoringRecord

_LONGEST = 1_000  # characters of a reason
_STATES = {
    "silent": "none",
    "sent": "sent",
    "told_before": "not sent again",
    "under_way": "not sent by this run",
    "failed": "could not be sent",
}


def monitor(session: RunSession, _parts: Part) -> Part:
    """Run the monitoring pipeline over the window that the experiment declares.

    Raises:
        DeploymentError: If nothing is in production.
    """
    model = session.run.name
    current = production(session.journal_url)
    if current is None:
        raise DeploymentError(f"no version of {model!r} is in production any more")
    outcome = session.run_pipeline(
        monitoring,
        may_fail=(ALERT,),
        run=session.run,
        production=current,
        journal_url=session.journal_url,
        home=str(session.home.root),
    )
    report = outcome.output("detect_drift", "report")
    page = outcome.page("detect_drift", "drift_page", session.report(outcome, "monitoring"))
    said = readable(report.why, _LONGEST)
    session.observer.note(f"monitoring: {report.verdict}: {said}")
    own = next((one for one in report.performance if one.version == report.version), None)
    if own is not None and own.why not in said:
        session.observer.note(f"labels: {own.why}")
    columns = behind(report, own, session.run.data.target)
    told = None
    if session.run.stack.alerter is not None:
        told = outcome.output(ALERT, "record") or AlertRecord(state="failed", why="the step alert did not end well")
        session.observer.note(f"alert: {in_words(told)}")
    record = MonitoringRecord(verdict=report.verdict, columns=columns, report=page, lost=report.lost, alert=told)
    return {"monitoring": record}


def in_words(told: AlertRecord) -> str:
    """Return what became of the alerts, in a sentence."""
    text = f"{_STATES[told.state]}: {readable(told.why, _LONGEST)}"
    late = f"; {count(told.late, 'earlier one')} sent now" if told.late else ""
    return f"{text}{late}" + (f"; {count(told.waiting, 'alert')} not sent yet" if told.waiting else "")


def behind(report: MonitoringReport, own: Performance | None, target: str) -> list[ColumnDrift]:
    """Return the columns, and beside them the predictions where those alarm: a program sees why a verdict is not ok."""
    predicted = report.predictions
    alarms = [predicted] if predicted is not None and predicted.verdict in ("drift", "schema_alarm") else []
    worsened = [worse(own, target)] if own is not None and own.verdict == "drift" else []
    return [*report.columns, *alarms, *worsened]


def worse(found: Performance, target: str) -> ColumnDrift:
    """Return predictions that have become worse as drift of the target: a program sees why the verdict is not `ok`.

    `value` of the metric `statistic` is beyond `threshold`, the nearer end of what was expected.
    """
    assert found.expected_interval is not None, "drift is declared against an expected interval"
    low, high = found.expected_interval
    return ColumnDrift(
        column=target,
        verdict="drift",
        statistic=found.metric,
        value=found.value,
        threshold=low if HIGHER_IS_BETTER[found.metric] else high,
        why=found.why,
    )
