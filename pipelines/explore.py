"""A look at the training rows before anything is learnt."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from pipelines.execution.context import RunContext
from pipelines.fragments import checked_sets
from pipelines.wiring import wired
from schemas.exploration import Declaration
from schemas.run import Run
from steps.explore.page import explore as explore_rows


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def explore(run: Run, now: RunContext) -> None:
    """Load, split and check as training does, then describe the training rows; a check that fails is shown."""
    sets = checked_sets(run, now)
    wired(explore_rows, "explore", run.stack)(
        train_set=sets.train,
        schema=sets.schema,
        report=sets.report,
        source=now.label,
        declared=Declaration(
            name=run.name,
            data=run.data,
            split=run.split,
            metric=run.metric,
            baseline=run.baseline,
            review=run.review,
        ),
    )
