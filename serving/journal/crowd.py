"""How many requests a commit of the journal waits for.

Of fewer commits a busy worker answers more requests: each takes the interpreter from it several times.
"""

import threading
from collections.abc import Callable

_FEWEST = 4  # requests that came together, below which none waits for others
LONGEST = 0.004  # seconds
_COMMITS = 16  # between two attempts to wait for more


class Crowd:
    """Waits for as many requests as came with the last commit, now and then for a few more.

    Requests that come one by one do not wait; of those after a crowd the first ones may.

    Args:
        waiting: Returns how many requests wait for a commit.
        longest: Seconds that are waited at most.
    """

    def __init__(self, waiting: Callable[[], int], longest: float = LONGEST) -> None:
        self._waiting, self._longest = waiting, longest
        self._wanted = 0
        self._commits = 0  # since it waited for more in vain
        self._enough = threading.Event()

    def joined(self) -> None:
        """Note that one more waits."""
        if self._waiting() >= self._wanted:
            self._enough.set()

    def wait(self) -> None:
        """Return once enough wait for a commit, or nobody is to be waited for any longer."""
        if self._wanted < _FEWEST:
            return
        self._enough.clear()
        if self._waiting() < self._wanted:
            self._enough.wait(self._longest)

    def committed(self, count: int) -> None:
        """Note how many came with a commit."""
        self._commits = 0 if count < self._wanted else self._commits + 1
        self._wanted = count + 1 + count // 4 if self._commits >= _COMMITS else count
