"""Monitoring what a service has answered."""

from pipelines.circumstances import production
from pipelines.execute import Lap
from pipelines.monitoring import monitoring
from schemas.errors import DeploymentError
from schemas.summary import MonitoringRecord
from serving.store import sqlite_url


def watch(lap: Lap) -> MonitoringRecord:
    """Run the monitoring pipeline over the window that the experiment declares.

    Raises:
        DeploymentError: If nothing is in production.
    """
    model = lap.run.name
    current = production(model, lap.home)
    if current is None:
        raise DeploymentError(f"no version of {model!r} is in production any more")
    outcome = lap.run_pipeline(
        monitoring, run=lap.run, production=current, journal_url=sqlite_url(lap.home.journal(model))
    )
    report = outcome.output("detect_drift", "report")
    page = outcome.page("detect_drift", "drift_page", lap.report(outcome, "monitoring"))
    return MonitoringRecord(verdict=report.verdict, columns=report.columns, report=page)
