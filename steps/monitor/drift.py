"""Slot `detect_drift`: a window of the journal against the profile of the version that answered it."""

from typing import Annotated

from zenml import step
from zenml.types import HTMLString

from ml.drift_page import render
from ml.package import REFERENCE, read
from schemas.monitoring import MonitoringReport
from schemas.run import MonitorSpec
from serving.window import window
from steps.gate.production import Production, opened
from steps.materializers.schema import SchemaMaterializer
from steps.monitor.validator import data_validator


@step(enable_cache=False, output_materializers={"report": SchemaMaterializer})
def detect_drift(
    production: Production, journal_url: str, monitor: MonitorSpec
) -> tuple[Annotated[MonitoringReport, "report"], Annotated[HTMLString, "drift_page"]]:
    """Read the window, compare it column by column with what the model saw in training, say what follows."""
    rows, seconds = monitor.rows_or_seconds()
    found = window(journal_url, rows, seconds, production.version)
    with opened(production) as package:
        report = data_validator().data_validation(
            found,
            read(package.root, package.manifest, REFERENCE),
            package=package,
            version=production.version,
            monitor=monitor,
        )
    return report, HTMLString(render(report))
