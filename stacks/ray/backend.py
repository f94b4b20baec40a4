"""Steps as Ray tasks: begun where there is room, ended by force, and lost when nothing is heard of them for long."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from schemas.errors import DrivetrainError
from schemas.events import StepEvent
from stacks.ray import tasks
from stacks.ray.mailbox import Inbox
from stacks.remote.steps import Ended, Failure, StepTask


@dataclass
class _Attempt:
    task: StepTask
    reference: Any
    asked: float
    heard: float | None = None  # None until it has begun
    node: str = ""
    host: str = ""


class RayBackend:
    """A `Backend` of one run on a connected cluster; leaving its context ends what still runs."""

    def __init__(
        self,
        ray: Any,
        box: Any,
        on_first_step: Callable[[], None],
        *,
        is_here: bool,
        lost_after: float,
        pending_after: float,
    ) -> None:
        """Take a connection.

        Args:
            ray: The module, connected.
            box: The mailbox.
            on_first_step: Is called once the first step was asked for.
            is_here: Whether every node of the cluster is on this machine.
            lost_after: Seconds without a sign of life after which an attempt counts as lost.
            pending_after: Seconds that a step may wait for room.
        """
        self._ray, self._box, self.is_here = ray, box, is_here
        self._lost_after, self._pending_after = lost_after, pending_after
        self._attempts: dict[str, _Attempt] = {}
        self._inbox: Inbox | None = None  # from the first step on
        self._on_first_step = on_first_step
        self._run_step = ray.remote(max_retries=0)(tasks.run_step)

    def __enter__(self) -> Self:
        """Begin a run."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs."""
        self.cancel()
        if self._inbox is not None:
            self._inbox.close()

    def start(self, task: StepTask) -> None:
        """Begin an attempt as soon as there is room for it."""
        is_first, self._inbox = self._inbox is None, self._inbox or Inbox(self._ray, self._box, task.snapshot)
        options: dict[str, Any] = {"num_cpus": task.cpus, "num_gpus": task.gpus, "name": task.step}
        if task.memory is not None:
            options["memory"] = task.memory
        if task.avoid and self._others(task.avoid):
            options["label_selector"] = {"ray.io/node-id": f"!in({','.join(task.avoid)})"}
        reference = self._run_step.options(**options).remote(task.model_dump(), self._box, self._lost_after)
        self._attempts[task.step] = _Attempt(task, reference, asked=time.monotonic())
        if is_first:
            self._on_first_step()

    def _others(self, avoided: tuple[str, ...]) -> set[str]:
        """Return the nodes that are there beside those."""
        return {node["NodeID"] for node in self._ray.nodes() if node["Alive"]} - set(avoided)

    def poll(self, seconds: float) -> list[StepEvent | Ended]:
        """Return what has happened since.

        Raises:
            DrivetrainError: If the cluster is gone.
        """
        try:
            return self._polled(seconds)
        except self._ray.exceptions.RayError as error:
            text = " ".join(str(error).split())[:300]
            raise DrivetrainError(f"The Ray cluster is gone: {type(error).__name__}: {text}") from error

    def _polled(self, seconds: float) -> list[StepEvent | Ended]:
        if self._inbox is None or not self._attempts:
            return []
        references = {attempt.reference: step for step, attempt in self._attempts.items()}
        self._ray.wait([self._inbox.awaited(seconds), *references], num_returns=1, timeout=seconds + 1)
        ended, _ = self._ray.wait(list(references), num_returns=len(references), timeout=0)
        news = self._read(self._inbox.until_now() if ended else self._inbox.taken())
        return [*news, *(self._ended(references[reference]) for reference in ended), *self._silent()]

    def cancel(self) -> None:
        """End everything that runs, by force."""
        for step in list(self._attempts):
            self._abandon(step)

    def _read(self, messages: list[dict[str, Any]]) -> list[StepEvent | Ended]:
        found: list[StepEvent | Ended] = []
        for message in messages:
            attempt = self._attempts.get(message["step"])
            if attempt is None or attempt.task.attempt != message["attempt"]:
                continue  # of one that counts as lost already
            attempt.heard = time.monotonic()
            if "began" in message:
                attempt.node, attempt.host = message["began"], message["host"]
            if "event" in message:
                where = {} if self.is_here else {"where": attempt.host}
                found.append(StepEvent.model_validate(message["event"] | where))
        return found

    def _ended(self, step: str) -> Ended:
        attempt = self._attempts.pop(step)
        try:
            end = self._ray.get(attempt.reference)
        except self._ray.exceptions.RayError as error:
            return Ended(step, self._of_ray(attempt, error), attempt.node)
        text = end["text"]
        failure = None if text is None else Failure(text, lost=end["lost"], is_ours=end["is_ours"])
        return Ended(step, failure, attempt.node)

    def _of_ray(self, attempt: _Attempt, error: Exception) -> Failure:
        if isinstance(error, self._ray.exceptions.RayTaskError):
            cause = error.cause if isinstance(error.cause, Exception) else error
            return Failure(f"{attempt.task.step} cannot be run by Ray: {type(cause).__name__}: {cause}")
        text = " ".join(str(error).split())
        return Failure(f"Ray lost {attempt.task.step}: {type(error).__name__}: {text[:500]}", lost=True)

    def _silent(self) -> Iterator[Ended]:
        now = time.monotonic()
        for step, attempt in list(self._attempts.items()):
            if attempt.heard is not None and now - attempt.heard > self._lost_after:
                self._abandon(step)
                text = f"nothing was heard for {self._lost_after:g} s of {step} on node {attempt.node[:8]}"
                yield Ended(step, Failure(text, lost=True, is_ours=True), attempt.node)
            elif attempt.heard is None and now - attempt.asked > self._pending_after:
                self._abandon(step)
                text = (
                    f"the Ray cluster had no room for {step} within {self._pending_after:g} s: {_asked(attempt.task)}"
                )
                yield Ended(step, Failure(text, is_ours=True))

    def _abandon(self, step: str) -> None:
        attempt = self._attempts.pop(step)
        with suppress(Exception):  # the cluster may be gone as well
            self._ray.cancel(attempt.reference, force=True)


def _asked(task: StepTask) -> str:
    memory = "" if task.memory is None else f", {task.memory:,} bytes of memory"
    return f"it asks for {task.cpus:g} CPUs, {task.gpus} GPUs{memory}"
