"""Step `detect_drift`: a window of the journal against the profile of the version that predicted it, and its labels."""

from typing import Annotated

from zenml import step
from zenml.types import HTMLString

from ml.monitoring.lost import with_lost
from ml.monitoring.performance import for_comparison, performance, review_of, with_labels
from ml.monitoring.report import render
from ml.package.storage import REFERENCE, read
from schemas.monitoring import MonitoringReport
from schemas.run import MonitorSpec
from serving.journal.labelled import labelled
from serving.journal.lost import lost_beside
from serving.journal.predictions import window
from steps.gate.production import Production, opened
from steps.materializers.schema import SchemaMaterializer
from steps.monitor.validator import data_validator


@step(enable_cache=False, output_materializers={"report": SchemaMaterializer})
def detect_drift(
    production: Production, journal_url: str, monitor: MonitorSpec, metric: str, seed: int
) -> tuple[Annotated[MonitoringReport, "report"], Annotated[HTMLString, "drift_page"]]:
    """Compare the window with what the model saw in training, predictions with labels, and conclude."""
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
    output, manifest = package.signature.output, package.manifest
    scored = [
        performance(one, output, manifest.evaluation, metric, monitor, seed=seed)
        if one.version == production.version
        else for_comparison(one, output, metric, monitor, seed=seed)
        for one in labelled(journal_url, rows, seconds, versions=monitor.compared, always=production.version)
    ]
    report = with_labels(report, scored, review_of(found.needs_review, manifest.review))
    report = with_lost(report, lost_beside(journal_url, found, seconds, production.version))
    return report, HTMLString(render(report))
