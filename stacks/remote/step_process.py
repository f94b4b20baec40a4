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
    """Run the steps that are asked for until the connection ends; it may be asked to open its store before."""
    with ExitStack() as entered:
        store = _Store(entered, lines)
        for message in lines:
            if "open" in message:
                store.open_ahead(message["open"])
                continue
            task = StepTask.model_validate(message)
            try:
                store.open(task.environment)
                _run(task)
            except BaseException as error:
                lines.send({"ended": task.step, "failure": _failure(error)})
            else:
                lines.send({"ended": task.step, "failure": None})


class _Store:
    """ZenML's store as a run's environment has it, opened once; the rest of the environment is that of each step.

    ZenML would write what the environment says into the configuration that it finds: it gets one of this process.
    """

    def __init__(self, entered: ExitStack, lines: Lines) -> None:
        self._entered, self._lines, self._is_open = entered, lines, False
        self._config = {"ZENML_CONFIG_PATH": entered.enter_context(scratch_folder("config"))}

    def open(self, environment: dict[str, str]) -> None:
        """Take an environment, and open the store if that is not done."""
        os.environ.update(environment | self._config)
        if self._is_open:
            return
        from stacks.session import zenml_session
        from stacks.step_events import launches_told

        with ExitStack() as opening:
            opening.enter_context(zenml_session(self._send))
            opening.enter_context(launches_told())
            self._entered.push(opening.pop_all())
        self._is_open = True

    def open_ahead(self, environment: dict[str, str]) -> None:
        """Open it before a step needs it."""
        try:
            self.open(environment)
        except Exception:  # the step tries again, and tells what is wrong
            traceback.print_exc()

    def _send(self, event: StepEvent) -> None:
        self._lines.send({"event": event.model_dump()})


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
