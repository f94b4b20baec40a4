"""The conductor: runs the stages of a pipeline one after another and reports how it went."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal

from pipelines.execution.listener import Listener
from pipelines.execution.session import Part, RunSession
from pipelines.execution.stack_needs import require_stack
from schemas.errors import DrivetrainError, RefusedError
from schemas.home import Home
from schemas.pipelines import StageSpec
from schemas.plan import Observer
from schemas.run import Run
from schemas.summary import Summary
from stacks.apply import apply_stack
from stacks.environment import referenced, stack_environment
from stacks.ray.ahead import joined_ahead
from stacks.session import store_file, zenml_session
from stacks.step_events import launches_told
from steps.secrets import reveal

Stage = Callable[[RunSession, Part], Part]


def execute(run: Run, observer: Observer) -> Summary:
    """Run what `run.pipeline` names on the declared stack.

    Raises:
        ConfigurationError: If the stack cannot work; no run was begun.
    """
    listener = Listener(observer)
    with on_stack(run, observer, listener) as (client, stack):
        session = RunSession(run, Home.here(), stack, observer, listener)
        _follow_pointer(client, session)
        return run_stages(session, [stage_function(stage) for stage in run.spec.stages])


@contextmanager
def on_stack(run: Run, observer: Observer, listener: Listener) -> Iterator[tuple[Any, Any]]:
    """Make the declared stack exist and use it while the block runs; give ZenML's client and the stack.

    Raises:
        ConfigurationError: If the stack cannot work; no run was begun.
    """
    with joined_ahead(run.stack, Home.here()) as open_store, zenml_session(listener) as client:
        from pipelines.execution.recovery import recover
        from pipelines.execution.requirements import require

        require_stack(client, run, sqlite=store_file() is not None)
        with stack_environment(run.stack, reveal, also=referenced(run)):
            recover(client, Home.here(), observer)
            require(client, run, Home.here())
            stack = apply_stack(
                client, run.stack, lambda change: observer.stage(f"stack: {change.action} {change.kind} {change.name}")
            )
            from zenml.utils.env_utils import temporary_environment

            with temporary_environment({"ZENML_ACTIVE_STACK_ID": str(stack.id)}), launches_told():
                open_store()
                yield client, stack


def stage_function(stage: StageSpec) -> Stage:
    """Return the function that runs a stage; only what a pipeline names is imported."""
    module, _, name = str(stage.run).partition(":")
    found: Stage = getattr(import_module(module), name)
    return found


def _follow_pointer(client: Any, session: RunSession) -> None:
    """Mirror a rollback that an operator made since the last run."""
    from pipelines.execution.context import production
    from pipelines.execution.registry_stage import mirror_or_note

    current = production(session.journal_url)
    if current is not None:
        mirror_or_note(client, session.run.name, current.version, session.observer)


def run_stages(session: RunSession, stages: Sequence[Stage]) -> Summary:
    """Run the stages in order, up to the first that fails, is refused or has nothing to do, and say how it went."""
    try:
        summary = _summary(session, stages)
    except BaseException as error:
        session.ended("failed", f"{type(error).__name__}: {error}")
        raise
    session.ended(summary.status, summary.error)
    return summary


def _summary(session: RunSession, stages: Sequence[Stage]) -> Summary:
    parts: Part = {}
    status: Literal["succeeded", "failed", "refused"] = "succeeded"
    error: str | None = None
    try:
        for stage in stages:
            parts.update(stage(session, parts))
            if "refused" in parts:
                status, error = "refused", str(parts.pop("refused"))
                break
            if parts.pop("done", False):
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
