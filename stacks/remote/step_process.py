"""A process that runs steps of one run: it is asked for one after another, and tells what they do and how they end."""

import os
import traceback
from contextlib import ExitStack
from typing import Any

from ml.io.scratch import scratch_folder
from schemas.errors import DrivetrainError
from schemas.events import StepEvent
from stacks.remote.lines import Lines
from stacks.remote.steps import StepTask


def serve(lines: Lines) -> None:
    """Run the steps that are asked for until the connection ends."""
    is_first = True
    with ExitStack() as entered:
        for message in lines:
            task = StepTask.model_validate(message)
            try:
                if is_first:
                    _enter(entered, task, lines)
                    is_first = False
                _run(task)
            except BaseException as error:
                lines.send({"ended": task.step, "failure": _failure(error)})
            else:
                lines.send({"ended": task.step, "failure": None})


def _enter(entered: ExitStack, task: StepTask, lines: Lines) -> None:
    """Take the run's environment, and open its store, once.

    ZenML would write what the environment says into the configuration that it finds: it gets one of this process.
    """
    config = entered.enter_context(scratch_folder("config"))
    os.environ.update(task.environment | {"ZENML_CONFIG_PATH": config})
    from stacks.session import zenml_session
    from stacks.step_events import launches_told

    def send(event: StepEvent) -> None:
        lines.send({"event": event.model_dump()})

    entered.enter_context(zenml_session(send))
    entered.enter_context(launches_told())


def _run(task: StepTask) -> None:
    from uuid import UUID

    from zenml.client import Client

    from stacks.remote.orchestrator import RemoteOrchestrator

    client = Client()
    snapshot = client.zen_store.get_snapshot(UUID(task.snapshot), step_configuration_filter=[task.step])
    orchestrator = client.active_stack.orchestrator
    assert isinstance(orchestrator, RemoteOrchestrator), "only those ask for it"
    orchestrator.run_in_this_process(snapshot, task.step)


def _failure(error: BaseException) -> dict[str, Any]:
    """Return what is told of an error; the trace goes to ZenML's log of the step."""
    traceback.print_exception(error)
    text = getattr(error, "sentence", "") or str(error)
    return {"type": type(error).__name__, "text": text, "is_ours": isinstance(error, DrivetrainError)}
