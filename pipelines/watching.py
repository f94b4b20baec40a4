"""Monitoring what a service has answered."""

from pipelines.circumstances import production
from pipelines.execute import Lap
from pipelines.monitoring import monitoring
from schemas.errors import ConfigurationError, Fault
from schemas.summary import MonitoringRecord


def watch(lap: Lap) -> MonitoringRecord:
    """Run the monitoring pipeline over the window that the experiment declares.

    Raises:
        ConfigurationError: If nothing was ever deployed under this name.
    """
    model = lap.run.name
    current = production(model, lap.home)
    if current is None:
        raise ConfigurationError(
            [Fault("name", f"no version of {model!r} is in production", "run the experiment first; it deploys what passes the gate")],
            heading="There is nothing to monitor",
        )
    outcome = lap.run_pipeline(monitoring, run=lap.run, production=current, journal_url=lap.home.journal_url(model))
    report = outcome.output("detect_drift", "report")
    page = outcome.page("detect_drift", "drift_page", lap.home.root / "reports" / model / f"monitoring-{outcome.id[:8]}.html")
    return MonitoringRecord(verdict=report.verdict, columns=report.columns, report=page)
