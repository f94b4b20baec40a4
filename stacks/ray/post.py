"""The mailbox of a connection to Ray: what attempts at steps tell comes through it, in order."""

from contextlib import suppress
from typing import Any
from uuid import uuid4

from stacks.ray import tasks

_MARK_SECONDS = 5.0
_HEAD = "node:__internal_head__"  # Ray's name of what only the head has


class Post:
    """Takes messages out of a mailbox that lives as long as the connection."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        # On the head: a worker node may go at any time. In order, and never behind what waits for news.
        groups = {tasks.PUT: 1, tasks.TAKE: 1}
        mailbox = ray.remote(num_cpus=0, resources={_HEAD: 0.001}, concurrency_groups=groups)(tasks.Mailbox)
        self.mailbox = mailbox.remote()
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
        mark = {"mark": uuid4().hex}
        self.mailbox.put.options(concurrency_group=tasks.PUT).remote(mark)
        found: list[tasks.Message] = []
        while mark not in found:
            taking, self._taking = self._taking or self._take(_MARK_SECONDS), None
            found += self._ray.get(taking)
        found.remove(mark)
        return found

    def close(self) -> None:
        """Let the mailbox go."""
        with suppress(Exception):  # the cluster may be gone as well, and the mailbox with it
            self._ray.kill(self.mailbox)

    def _take(self, seconds: float) -> Any:
        return self.mailbox.take.options(concurrency_group=tasks.TAKE).remote(seconds)
