"""Closing a ZenML run whose process cannot: its steps and itself become `failed`, at its last sign of life."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from zenml.client import Client
from zenml.enums import ExecutionStatus, StackComponentType
from zenml.exceptions import IllegalOperationError
from zenml.models import ExceptionInfo, PipelineRunUpdate, StepRunUpdate
from zenml.stack import StackComponent
from zenml.utils.pagination_utils import depaginate

from pipelines.execution.registrations import undo
from pipelines.execution.sql_store import date

_log = logging.getLogger("drivetrain.recovery")


def close(client: Any, run_id: UUID, why: str) -> datetime:
    """Let a run and those of its steps that are not finished fail, and remove what such steps had begun to store.

    Args:
        client: ZenML's.
        run_id: The run.
        why: Stands in the run and its steps.

    Returns:
        The last sign of life that the store has of it, in UTC.
    """
    run = client.get_pipeline_run(run_id)
    steps = depaginate(client.list_run_steps, pipeline_run_id=run.id, hydrate=True)
    ended = last_sign_of_life(run, steps)
    info = ExceptionInfo(traceback=why, message=why)
    unfinished = [step for step in steps if not step.status.is_finished]
    if not run.status.is_finished:
        failed = PipelineRunUpdate(status=ExecutionStatus.FAILED, status_reason=why[:250], exception_info=info)
        _unless_finished(client.zen_store.update_run, run.id, failed)
    for step in unfinished:
        # A failed step that may be tried again is none to ZenML, which would wait for ever for whoever tries.
        status = ExecutionStatus.STOPPED if step.config.retry else ExecutionStatus.FAILED
        update = StepRunUpdate(status=status, end_time=ended, exception_info=info)
        _unless_finished(client.zen_store.update_run_step, step.id, update)
    if not run.status.is_finished:
        date(client, run.id, ended)
    for step in unfinished:
        try:
            _remove_partial_outputs(client, run, step)
        except Exception as error:  # its store may be out of reach now; nothing names what is left there
            _log.warning("what step %s had begun to store stays: %s: %s", step.name, type(error).__name__, error)
    return ended


def close_interrupted(run_name: str) -> None:
    """Close a run of this process that was stopped before ZenML could: a signal may come at any point of its work.

    What it had half registered is removed.
    """
    for run in close_named(run_name, "interrupted by a signal"):
        undo(Client(), run)


def close_named(run_name: str, why: str) -> list[Any]:
    """Close a run of this process if it is not over, and return it; none where ZenML never knew of it."""
    client = Client()
    runs = client.list_pipeline_runs(name=run_name).items
    for run in runs:
        close(client, run.id, why)
    return list(runs)


def last_sign_of_life(run: Any, steps: list[Any]) -> datetime:
    """Return when the store last heard of a run: when it was changed, or a step of it began, ended or was changed."""
    signs = [run.created, run.updated, *(at for step in steps for at in (step.start_time, step.end_time, step.updated))]
    last: datetime = max(at for at in signs if at is not None)
    return last


def _unless_finished(update: Any, entity: UUID, change: Any) -> None:
    try:
        update(entity, change)
    except IllegalOperationError:  # another process closed it meanwhile
        return


def _remove_partial_outputs(client: Any, run: Any, step: Any) -> None:
    """Remove the folders of outputs that no artifact version names: what was being stored when the process ended."""
    if run.stack is None:  # removed since
        return
    store: Any = StackComponent.from_model(run.stack.components[StackComponentType.ARTIFACT_STORE][0])
    for output in step.config.outputs:
        folder = f"{store.path}/{step.name}/{output}/{step.id}"
        if store.exists(folder) and not client.list_artifact_versions(uri=f"startswith:{folder}").total:
            store.rmtree(folder)
