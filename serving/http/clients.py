"""How many clients have asked lately: those that are connected and say nothing make nobody wait."""

import time
from collections.abc import Callable

_LATELY = 2.0  # seconds: who was refused may come again after one (Retry-After)


class Clients:
    """The connections on which a request came, in this period of two seconds or in the one before.

    One that ended counts no more where `left` is called for it; who was refused comes again, and goes on to count.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._period, self._ends = 1, clock() + _LATELY
        self._now = self._before = 0

    def note(self, last: int) -> int:
        """Note that a request came, on a connection whose last one came in the period `last`; return this period."""
        now = self._clock()
        if now >= self._ends:
            is_next = now < self._ends + _LATELY
            self._before, self._now = self._now if is_next else 0, 0
            self._period += 1 if is_next else 2
            self._ends = now + _LATELY
        if last != self._period:
            self._now += 1
        return self._period

    def left(self, last: int) -> None:
        """Note that a connection ended whose last request came in the period `last`: who comes on a new one is one."""
        if last == self._period:
            self._now -= 1
        elif last == self._period - 1:
            self._before -= 1

    def __len__(self) -> int:
        """Return how many there are at least."""
        return max(self._now, self._before)
