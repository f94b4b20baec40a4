"""The conductor: runs the pipelines of a run one after another and reports how it went."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from pipelines.execution.listener import Listener
from pipelines.execution.session import Part, RunSession
from schemas.errors import DrivetrainError, RefusedError
from schemas.home import Home
from schemas.plan import Observer
from schemas.run import Run
from schemas.summary import Summary
from stacks.apply import apply_stack, plan_stack
from stacks.session import zenml_session


def execute(run: Run, observer: Observer) -> Summary:
    """Run what `run.pipeline` names on the declared stack.

    Raises:
        ConfigurationError: If the stack cannot work; nothing was started.
    """
    from pipelines.stages.table import STAGES

    listener = Listener(observer)
    with on_stack(run, observer, listener) as (client, stack):
        _follow_pointer(client, run.name, Home.here(), observer)
        return run_stages(RunSession(run, Home.here(), stack, observer, listener), STAGES[run.pipeline])


@contextmanager
def on_stack(run: Run, observer: Observer, listener: Listener) -> Iterator[tuple[Any, Any]]:
    """Make the declared stack exist and use it while the block runs; give ZenML's client and the stack.

    Raises:
        ConfigurationError: If the stack cannot work; nothing was started.
    """
    with zenml_session(listener) as client:
        from pipelines.execution.requirements import require

        require(client, run, Home.here())
        for change in plan_stack(client, run.stack):
            observer.stage(f"stack: {change.action} {change.kind} {change.name}")
        stack = apply_stack(client, run.stack)
        from zenml.utils.env_utils import temporary_environment

        with temporary_environment({"ZENML_ACTIVE_STACK_ID": str(stack.id)}):
            yield client, stack


def _follow_pointer(client: Any, model: str, home: Home, observer: Observer) -> None:
    """Mirror a rollback that an operator made since the last run."""
    from pipelines.execution.context import production
    from pipelines.execution.registry_stage import mirror_stage

    current = production(model, home)
    if current is None:
        return
    try:
        mirror_stage(client, model, current.version)
    except KeyError:
        observer.note(f"version {current.version} of {model!r} is in production, but this ZenML store does not know it")


def run_stages(session: RunSession, stages: Sequence[Callable[[RunSession, Part], Part]]) -> Summary:
    """Run the stages in order, up to the first that fails or is refused, and report how it went."""
    parts: Part = {}
    status: Literal["succeeded", "failed", "refused"] = "succeeded"
    error: str | None = None
    try:
        for stage in stages:
            parts.update(stage(session, parts))
            if "refused" in parts:
                status, error = "refused", str(parts.pop("refused"))
                break
    except RefusedError as refusal:
        status, error = "refused", str(refusal)
    except DrivetrainError as failure:
        status, error = "failed", str(failure)
    return Summary(
        experiment=session.run.name,
        pipeline=session.run.pipeline,
        stack=session.run.stack.name,
        status=status,
        error=error,
        seconds=session.seconds,
        runs=session.run_ids,
        **parts,
    )
