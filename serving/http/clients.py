"""How many clients have asked lately: those that are connected and say nothing make nobody wait."""

import time
from collections.abc import Callable

_LATELY = 2.0  # seconds: who was refused may come again after one (Retry-After)


class Clients:
    """The connections on which a request came, in this period of two seconds and in the one before."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._period, self._ends = 0, clock() + _LATELY
        self._now = self._before = 0

    def note(self, last: int) -> int:
        """Note that a request came, on a connection whose last one came in the period `last`; return this period."""
        now = self._clock()
        if now >= self._ends:
            self._before = self._now if now < self._ends + _LATELY else 0
            self._now, self._period, self._ends = 0, self._period + 1, now + _LATELY
        if last != self._period:
            self._now += 1
        return self._period

    def __len__(self) -> int:
        """Return how many there are at least."""
        return max(self._now, self._before)
