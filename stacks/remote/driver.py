"""Drives one run to its end: begins steps, passes on what they tell, tries lost ones again, ends all when one fails."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.events import State, StepEvent
from stacks.remote.backend import Backend, Backends
from stacks.remote.graph import StepGraph
from stacks.remote.steps import Ended, StepTask, error_of, runs_here
from stacks.step_events import send

_POLL_SECONDS = 0.5
_log = logging.getLogger("drivetrain.remote")


Completed = Callable[[str], bool]


def drive(
    snapshot: Any, tasks: Mapping[str, StepTask], backends: Backends, here: Callable[[str], None], completed: Completed
) -> None:
    """Run the steps of a run, each once those before it are done.

    Args:
        snapshot: ZenML's record of the pipeline.
        tasks: What each step is given.
        backends: What runs them.
        here: Runs a step in this process.
        completed: Says whether ZenML knows that a step is done: its process may be lost after that.

    Raises:
        Exception: What a step failed with, once nothing runs any more.
    """
    steps = snapshot.step_configurations
    graph = StepGraph({name: list(step.spec.upstream_steps) for name, step in steps.items()})
    with backends as backend:
        attempts = _Attempts(backend, tasks, steps, completed)
        try:
            while not graph.is_over:
                for name in graph.ready():
                    if not backend.is_here and runs_here(steps[name]):
                        _run_here(here, name, steps[name])
                        graph.done.add(name)
                    else:
                        backend.start(tasks[name])
                graph.done |= set(attempts.finished())
        except BaseException:
            backend.cancel()
            attempts.tell_of_the_rest()
            raise


def _run_here(here: Callable[[str], None], name: str, step: Any) -> None:
    """Run a step in this process, as often as it may be tried."""
    left = step.config.retry.max_retries if step.config.retry else 0
    while True:
        try:
            return here(name)
        except Exception as error:
            if not left:
                raise
            left -= 1
            _log.warning("%s is tried again: %s: %s", name, type(error).__name__, error)


class _Attempts:
    """The attempts at the steps that run, and how many a step has left."""

    def __init__(
        self, backend: Backend, tasks: Mapping[str, StepTask], steps: Mapping[str, Any], completed: Completed
    ) -> None:
        self._backend, self._tasks, self._steps, self._completed = backend, dict(tasks), steps, completed
        self._told: dict[str, float] = {}  # when a step began that has not said how it ended

    def finished(self) -> Iterator[str]:
        """Wait a little, and yield the steps that are done meanwhile.

        Raises:
            Exception: If a step failed and has no attempt left.
        """
        for news in self._backend.poll(_POLL_SECONDS):
            if isinstance(news, StepEvent):
                self._follow(news)
            elif news.failure is None or (news.failure.lost and self._completed(news.step)):
                self._tell_end(news.step, "done")
                yield news.step
            else:
                self._again(news)

    def tell_of_the_rest(self) -> None:
        """Say of what was ended with the run that it did not come to its end."""
        for step in list(self._told):
            self._tell_end(step, "failed")

    def _follow(self, event: StepEvent) -> None:
        if event.kind == "started":
            self._told[event.step] = time.monotonic()
        elif event.kind == "finished":
            self._told.pop(event.step, None)
        send(event)

    def _tell_end(self, step: str, state: State) -> None:
        """Say how a step ended whose process has not."""
        began = self._told.pop(step, None)
        if began is not None:
            send(StepEvent(kind="finished", step=step, state=state, seconds=time.monotonic() - began))

    def _again(self, ended: Ended) -> None:
        assert ended.failure is not None
        self._tell_end(ended.step, "failed")
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
