"""Reports that alarm, and the alerts on them."""

from typing import Any

from ml.monitoring.alert import compose
from schemas.alert import Alert, AlertSpec
from schemas.monitoring import ColumnDrift, MonitoringReport, Performance
from schemas.run import MonitorSpec

WHEN = "2026-11-20T14:51:37.000+00:00"
EVERYTHING = MonitorSpec(alert=AlertSpec(verdicts=["drift", "schema_alarm", "no_verdict"]))


def drifted(name: str = "size", **values: Any) -> ColumnDrift:
    given: dict[str, Any] = {"statistic": "kolmogorov_smirnov", "value": 0.4, "threshold": 0.15}
    given |= {"verdict": "drift", "adjusted_p_value": 1e-9, "why": "a distance of 0.4, p < 0.001"}
    return ColumnDrift.model_validate({"column": name, **given, **values})


def report_of(*columns: ColumnDrift, **values: Any) -> MonitoringReport:
    given: dict[str, Any] = {"model": "house", "version": "3", "verdict": "drift", "why": "It moved.", "rows": 1_000}
    given |= {"first": "2026-11-20T13:51:37.000+00:00", "last": WHEN, "columns": list(columns)}
    return MonitoringReport.model_validate({**given, **values})


def worse(version: str = "3") -> Performance:
    return Performance(
        version=version,
        labelled=200,
        predictions=900,
        metric="accuracy",
        value=0.71,
        interval=(0.65, 0.77),
        expected=0.93,
        expected_interval=(0.9, 0.95),
        verdict="drift",
        why="accuracy 0.71 (0.65 to 0.77) on 200 labelled predictions, 0.93 (0.9 to 0.95) on the test set before.",
    )


def alert_of(*columns: ColumnDrift, page: str | None = "/home/me/r.html", **values: Any) -> Alert:
    alert = compose(report_of(*(columns or (drifted(),)), **values), EVERYTHING, page, WHEN)
    assert alert is not None
    return alert
