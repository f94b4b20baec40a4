"""Events of the steps that run in this process, and the way of those that come from elsewhere.

ZenML tells in its log alone that a step began or ended, in sentences that change. So its launcher of steps is called
through ours, here and in the processes that an orchestrator of ours starts on other machines.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from schemas.events import Send, StepEvent
from schemas.plan import PROGRESS

_OURS = "drivetrain"
_step: ContextVar[str] = ContextVar("step", default="")
_sinks: list[Send] = []


def send(event: StepEvent) -> None:
    """Pass an event on to whoever follows the run in this process; one that nobody follows is lost."""
    if _sinks:
        _sinks[-1](event)


class _Logged(logging.Handler):
    """Makes events of what our own code logs: progress of a step, and what a person should see."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] == _OURS:
            kind: Any = "progress" if record.name == PROGRESS else "note"
            send(StepEvent(kind=kind, step=_step.get(), text=record.getMessage()))


@contextmanager
def following(sink: Send) -> Iterator[None]:
    """Give every event of this process to `sink` while the block runs."""
    handler = _Logged(logging.INFO)
    _sinks.append(sink)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        _sinks.remove(sink)


@contextmanager
def launches_told() -> Iterator[None]:
    """Send an event when a step of ZenML's begins or ends in this process, or is reused, while the block runs."""
    from zenml.orchestrators import cache_utils
    from zenml.orchestrators.step_launcher import StepLauncher

    launch, prune = StepLauncher.launch, cache_utils.create_cached_step_runs_and_prune_snapshot

    def told_launch(self: StepLauncher) -> Any:
        return _told(self, launch)

    def told_prune(snapshot: Any, *arguments: Any, **named: Any) -> bool:
        before = list(snapshot.step_configurations)
        required = prune(snapshot, *arguments, **named)
        for step in before:
            if step not in snapshot.step_configurations:
                send(StepEvent(kind="finished", step=step, state="reused"))
        return required

    StepLauncher.launch = told_launch  # type: ignore[method-assign]
    cache_utils.create_cached_step_runs_and_prune_snapshot = told_prune
    try:
        yield
    finally:
        StepLauncher.launch = launch  # type: ignore[method-assign]
        cache_utils.create_cached_step_runs_and_prune_snapshot = prune


def _told(launcher: Any, launch: Any) -> Any:
    from zenml.enums import ExecutionStatus

    step, began = launcher._invocation_id, time.monotonic()
    token = _step.set(step)
    send(StepEvent(kind="started", step=step))
    try:
        launched = launch(launcher)
    except BaseException:
        send(StepEvent(kind="finished", step=step, state="failed", seconds=time.monotonic() - began))
        raise
    finally:
        _step.reset(token)
    if launched.status == ExecutionStatus.CACHED:
        send(StepEvent(kind="finished", step=step, state="reused"))
    else:
        send(StepEvent(kind="finished", step=step, state="done", seconds=time.monotonic() - began))
    return launched
