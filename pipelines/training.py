"""From raw rows to a gated, registered model package."""

from zenml import pipeline
from zenml.enums import ExecutionMode
from zenml.model.model import Model

from pipelines.execution.context import RunContext
from pipelines.fragments import candidate, checked_sets, sealed
from schemas.run import Run


@pipeline(execution_mode=ExecutionMode.FAIL_FAST)
def training(run: Run, now: RunContext) -> None:
    """Step ids are the names that `resources` and caching use."""
    sets = checked_sets(run, now)
    sealed(run, now, sets, candidate(run, now, sets), Model(name=run.name))
