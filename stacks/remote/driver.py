"""Drives one run to its end: begins steps, passes on what they tell, tries lost ones again, ends all when one fails."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.events import StepEvent
from stacks.remote.backend import Backend, Backends
from stacks.remote.graph import StepGraph
from stacks.remote.steps import Ended, StepTask, error_of, runs_here
from stacks.step_events import send

_POLL_SECONDS = 0.5
_log = logging.getLogger("drivetrain.remote")


def drive(snapshot: Any, tasks: Mapping[str, StepTask], backends: Backends, here: Callable[[str], None]) -> None:
    """Run the steps of a run, each once those before it are done.

    Args:
        snapshot: ZenML's record of the pipeline.
        tasks: What each step is given.
        backends: What runs them.
        here: Runs a step in this process.

    Raises:
        Exception: What a step failed with, once nothing runs any more.
    """
    steps = snapshot.step_configurations
    graph = StepGraph({name: list(step.spec.upstream_steps) for name, step in steps.items()})
    with backends as backend:
        try:
            attempts = _Attempts(backend, tasks, steps)
            while not graph.is_over:
                for name in graph.ready():
                    if not backend.is_here and runs_here(steps[name]):
                        here(name)
                        graph.done.add(name)
                    else:
                        backend.start(tasks[name])
                graph.done |= set(attempts.finished())
        except BaseException:
            backend.cancel()
            raise


class _Attempts:
    """The attempts at the steps that run, and how many a step has left."""

    def __init__(self, backend: Backend, tasks: Mapping[str, StepTask], steps: Mapping[str, Any]) -> None:
        self._backend, self._tasks, self._steps = backend, dict(tasks), steps
        self._told: dict[str, float] = {}  # when a step began that has not said how it ended

    def finished(self) -> Iterator[str]:
        """Wait a little, and yield the steps that are done meanwhile.

        Raises:
            Exception: If a step failed and has no attempt left.
        """
        for news in self._backend.poll(_POLL_SECONDS):
            if isinstance(news, StepEvent):
                self._follow(news)
            elif news.failure is None:
                yield news.step
            else:
                self._again(news)

    def _follow(self, event: StepEvent) -> None:
        if event.kind == "started":
            self._told[event.step] = time.monotonic()
        elif event.kind == "finished":
            self._told.pop(event.step, None)
        send(event)

    def _again(self, ended: Ended) -> None:
        assert ended.failure is not None
        began = self._told.pop(ended.step, None)
        if began is not None:  # its process could not say so
            send(StepEvent(kind="finished", step=ended.step, state="failed", seconds=time.monotonic() - began))
        retry = self._steps[ended.step].config.retry
        task = self._tasks[ended.step]
        if retry is None or task.attempt > retry.max_retries:
            raise error_of(ended)
        avoid = {*task.avoid, ended.node} if ended.failure.lost else set(task.avoid)
        again = task.model_copy(update={"attempt": task.attempt + 1, "avoid": tuple(sorted(avoid - {""}))})
        _log.warning(
            "%s is tried again (%d of %d): %s", ended.step, task.attempt, retry.max_retries, ended.failure.text
        )
        self._tasks[ended.step] = again
        self._backend.start(again)
