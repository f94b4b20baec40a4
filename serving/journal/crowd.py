"""How many requests a commit of the journal waits for.

Of fewer commits a busy process answers more requests: each takes the interpreter from it several times.
"""

import threading
import time
from collections.abc import Callable

FEWEST = 2
"""Requests that came together, below which no commit waits for others."""
LONGEST = 0.004  # seconds
_BUSY = 0.6  # of the time; a process with less to do gains nothing by fewer commits
_COMMITS = 16  # between two attempts to wait for more
_RARELY = 1024


class Load:
    """How busy this process is."""

    def __init__(self) -> None:
        self._then, self._used = time.perf_counter(), time.process_time()

    def share(self) -> float:
        """Return the share of the time since the last call that its threads have worked."""
        then, used = self._then, self._used
        self._then, self._used = time.perf_counter(), time.process_time()
        return (self._used - used) / max(self._then - then, 1e-9)


class Crowd:
    """Waits for as many requests as came with the last commit, now and then for a few more, while the process is busy.

    After a wait in vain some commits wait for nobody, the more the more often that was so.

    Args:
        waiting: Returns how many requests wait for a commit.
        most: How many a commit takes.
        longest: Seconds that are waited at most, beside those until a thread gets the interpreter.
        share: Returns how busy the process was since the last call, from 0 to 1.
    """

    def __init__(
        self,
        waiting: Callable[[], int],
        most: int,
        longest: float = LONGEST,
        share: Callable[[], float] | None = None,
    ) -> None:
        self._waiting, self._most, self._longest = waiting, most, longest
        self._share = share or Load().share
        self._wanted = 0  # 0: nobody is waited for
        self._size = 0  # how many came when they were waited for
        self._reached = 0  # waits in a row that were not in vain
        self._pause = _COMMITS  # so many of them come before the next attempt to wait for more
        self._rest = self._rests = 0  # commits that wait for nobody, since waiting was in vain
        self._enough = threading.Event()

    def joined(self) -> None:
        """Note that one more waits."""
        if self._wanted and self._waiting() >= self._wanted:
            self._enough.set()

    def wait(self) -> None:
        """Return once enough wait for a commit, or nobody is to be waited for any longer."""
        if not self._wanted:
            return
        self._enough.clear()
        if self._waiting() < self._wanted:
            self._enough.wait(self._longest)

    def committed(self, count: int) -> None:
        """Note how many came with a commit."""
        is_busy, waited = self._share() >= _BUSY, self._wanted > 0
        if waited and count < self._wanted:
            self._reached, self._pause = 0, min(2 * self._pause, _RARELY)
            self._rest = self._rests = min(2 * self._rests + 1, _COMMITS)
        elif waited:
            self._reached += 1
            self._rests = 0 if self._reached >= _COMMITS else self._rests
            self._pause = _COMMITS if count > self._wanted else self._pause
        self._size = count if waited or not self._rest else self._size
        self._rest = self._rest if waited else max(0, self._rest - 1)
        more = 1 + self._size // 4 if self._reached >= self._pause else 0
        waits = is_busy and not self._rest and self._size >= FEWEST
        self._wanted = min(self._size + more, self._most) if waits else 0
