"""Whether what waits for a commit waits for the disk or the database alone, or is a queue for it."""

from collections.abc import Awaitable
from typing import Protocol

_FEW = 8
"""Requests, up to which a commit takes about the time that any one takes."""
_SURE = 2  # commits of few that say what one takes
_TIMES = 5.0
_SECONDS = 0.02
"""A commit that takes so many times that of few longer for the number in it, and so much longer, makes a queue.

Of a journal at 0.7 of what it can do, the running commit and the next one take 4.7 times as much longer together.
"""


class Turns(Protocol):
    """Hears of requests that are in no queue of ours while they wait for their commit."""

    def commits(self) -> None:
        """Note that the work of one is done, and that it waits for its commit alone."""

    def came_back(self) -> None:
        """Note that it does not any more."""


class Pace:
    """How long commits take, and how much of that is for the number of requests in them.

    A commit takes its time however few requests are in it: that of a disk's flush, or the way to a database and back.
    Whoever comes meanwhile waits for the next one, and more who come make nobody wait for longer. Where a commit of
    many takes much longer than one of few, or more wait than the next one takes, they do: that is a queue.

    The journal's thread says how long each took, and any other one may ask.

    Args:
        most: Requests that a commit takes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_few = 0.0  # seconds of a commit of few, about; 0 before the first one
        self._few = 0  # commits of few
        self._before = 0.0  # seconds of the last commit
        self._each = 0.0  # seconds that one more in it takes, about

    def took(self, count: int, seconds: float) -> None:
        """Note how many requests a commit wrote, and how long it took."""
        if not count:
            return
        usual = self._of_few or seconds
        if count <= _FEW:  # those of the fewest say most of it, and one by itself, which may have met a lock, little
            usual += (min(seconds, _TIMES * usual) - usual) / (1 + count)
            self._few += 1
        elif self._few < _SURE:  # the very first may have met a lock; one of few takes no longer than two of many
            usual = min(usual, max(seconds, self._before))
        self._before = seconds
        self._of_few = usual
        each = max(0.0, seconds - usual) / max(count, _FEW)
        self._each += (each - self._each) * min(1.0, count / (2 * _FEW))  # and those of many of this

    def is_queue(self, waiting: int) -> bool:
        """Say whether one more waits in a queue, behind so many that wait already, those of the running commit too."""
        longer = waiting * self._each
        return waiting >= 2 * self._most or (longer > _SECONDS and longer > _TIMES * self._of_few)

    async def wait(self, committed: Awaitable[None], waiting: int, turns: Turns | None) -> None:
        """Wait for a commit, behind so many; `turns` hears of it where that is no queue."""
        if turns is None or self.is_queue(waiting):
            await committed
            return
        turns.commits()
        try:
            await committed
        finally:
            turns.came_back()
