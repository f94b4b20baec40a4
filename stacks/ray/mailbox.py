"""The mailbox through which a run hears of its attempts, and the run's side of it."""

from contextlib import suppress
from typing import Any
from uuid import uuid4

from stacks.ray import tasks

_MARK_SECONDS = 5.0
_HEAD = "node:__internal_head__"  # Ray's name of what only the head has
_COMMANDS = 100  # that may wait for news at the same time
_NAMESPACE = "drivetrain"
_NAME = "mailbox-1"  # the number changes with what it understands: commands of several versions share it


def mailbox(ray: Any, *, kept: bool) -> Any:
    """Return the actor that keeps news.

    Args:
        ray: The module, connected.
        kept: Whether it is one that stays for later commands, made where there is none; else it is this connection's.
    """
    # On the head: a worker node may go at any time. In order, and never behind what waits for news.
    groups = {tasks.PUT: 1, tasks.TAKE: _COMMANDS}
    made = ray.remote(num_cpus=0, resources={_HEAD: 0.001}, concurrency_groups=groups)(tasks.Mailbox)
    if not kept:
        return made.remote()
    return made.options(name=_NAME, namespace=_NAMESPACE, lifetime="detached", get_if_exists=True).remote()


class Inbox:
    """What comes for one run, in order."""

    def __init__(self, ray: Any, box: Any, snapshot: str) -> None:
        """Begin to listen.

        Args:
            ray: The module, connected.
            box: The mailbox.
            snapshot: The run's, by which its attempts address what they tell.
        """
        self._ray, self._box, self._snapshot = ray, box, snapshot
        self._taking: Any = None

    def awaited(self, seconds: float) -> Any:
        """Return the reference to what comes next, at the latest after `seconds` without anything."""
        if self._taking is None:
            self._taking = self._take(seconds)
        return self._taking

    def taken(self) -> list[tasks.Message]:
        """Return what has come, without waiting for it."""
        if self._taking is None or not self._ray.wait([self._taking], timeout=0)[0]:
            return []
        taking, self._taking = self._taking, None
        found: list[tasks.Message] = self._ray.get(taking)
        return found

    def until_now(self) -> list[tasks.Message]:
        """Return all that is there: an attempt waits until what it tells is, and its end comes by another way."""
        mark = {"snapshot": self._snapshot, "mark": uuid4().hex}
        self._box.put.options(concurrency_group=tasks.PUT).remote(mark)
        found: list[tasks.Message] = []
        while mark not in found:
            taking, self._taking = self._taking or self._take(_MARK_SECONDS), None
            found += self._ray.get(taking)
        found.remove(mark)
        return found

    def close(self) -> None:
        """Let go of what still comes: the run is over."""
        with suppress(Exception):  # the cluster may be gone as well, and the mailbox with it
            self._box.forget.options(concurrency_group=tasks.PUT).remote(self._snapshot)

    def _take(self, seconds: float) -> Any:
        return self._box.take.options(concurrency_group=tasks.TAKE).remote(self._snapshot, seconds)
