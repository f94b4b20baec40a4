"""A window of the journal against the reference of the version in production."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from pipelines.execution.context import is_local
from pipelines.wiring import wired
from schemas.addresses import is_of_this_machine
from schemas.pipelines import ALERT
from schemas.run import Run
from steps.alert.verdict import alert
from steps.gate.production import Production
from steps.monitor.drift import detect_drift


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST)
def monitoring(run: Run, production: Production, journal_url: str, home: str) -> None:
    """Read, compare, report; then tell people, where the stack has an alerter."""
    local = is_local(production) or is_of_this_machine(journal_url)
    report, _page = wired(detect_drift, "detect_drift", run.stack, local=local)(
        production=production, journal_url=journal_url, monitor=run.monitor, metric=run.metric, seed=run.seed
    )
    if run.stack.alerter is not None:
        wired(alert, ALERT, run.stack, local=local)(
            report=report, journal_url=journal_url, monitor=run.monitor, home=home
        )
