"""Step `alert`: a verdict that people should know of goes to the stack's alerter, once."""

import time
from pathlib import Path
from typing import Annotated

from zenml import get_step_context, step

from ml.monitoring.alert import compose
from schemas.alert import AlertRecord
from schemas.errors import AlertError, DeploymentError
from schemas.home import Home
from schemas.monitoring import MonitoringReport
from schemas.run import MonitorSpec
from schemas.timestamps import iso
from steps.alert.alerter import alerter
from steps.alert.delivery import deliver
from steps.alert.posting import poster
from steps.materializers.schema import SchemaMaterializer


@step(enable_cache=False, output_materializers={"record": SchemaMaterializer})
def alert(
    report: MonitoringReport, journal_url: str, monitor: MonitorSpec, home: str
) -> Annotated[AlertRecord, "record"]:
    """Tell what changed, how sure that is and what to do next; whatever becomes of it, the verdict stands."""
    page = Home(Path(home)).report(report.model, "monitoring", str(get_step_context().pipeline_run.id))
    composed = compose(report, monitor, str(page), iso(time.time()))
    try:
        return deliver(journal_url, composed, poster(alerter()), monitor.alert.seconds)
    except (AlertError, DeploymentError) as error:
        return AlertRecord(state="failed", why=str(error))
