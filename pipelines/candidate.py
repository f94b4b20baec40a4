"""One job of a sweep: training up to the scores on the validation set; the test set stays sealed."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from pipelines import fragments
from pipelines.execution.context import RunContext
from schemas.run import Run


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def candidate(run: Run, now: RunContext) -> None:
    """The steps that training begins with, under the same keys: what one job or a run made, the others reuse."""
    fragments.candidate(run, now, fragments.checked_sets(run, now))
