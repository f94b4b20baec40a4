"""Which requests are taken: no more than are answered in time, so that those that are taken are answered soon."""

import time
from collections.abc import Callable

FEW = 8
"""Requests that may always wait."""
_CLIENTS = 64  # connections that cannot make each other wait for long: each waits for its own answer
_STEADY = 25  # a queue that does not empty may be so many times shorter than one that just came
_WEIGHT = 0.02  # of the last answer in the mean

LATE = "drivetrain.late"
"""The mark of a request that is not to be taken."""


class Admission:
    """How many requests wait for their answer, and how long that will take, by what it took those before.

    A request waits from when it is whole; what waits longer in the kernel's buffers, while others are worked on, is
    bounded with it. A burst may wait for `longest` seconds. A queue that stays long for all of that time is none: more
    come than can be answered, and it would only make everybody wait. Then as many wait as are answered in a 25th of it,
    until none was too much for `longest` seconds. (The least wait of an interval tells the two apart, as in CoDel,
    RFC 8289.)

    Args:
        longest: Seconds that a request may wait for its turn.
        deadline: Seconds after which nobody waits any more.
    """

    def __init__(
        self, longest: float = 0.5, deadline: float = 10.0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.waiting = 0
        self._longest, self._deadline, self._clock = longest, deadline, clock
        self._steady = longest / _STEADY
        self._strict_until = 0.0
        self._each = 0.0  # seconds between two answers while requests wait
        self._last = self._empty = self._short = clock()  # when the last was answered, and none, and few, waited last

    def entered(self) -> None:
        """Note that a request is whole."""
        if self.waiting == 0:
            self._empty = self._short = self._clock()  # until now
        self.waiting += 1

    def left(self) -> None:
        """Note that a request is answered, or its client gone."""
        now = self._clock()
        if self._last > self._empty:  # something waited since
            self._each += (now - self._last - self._each) * _WEIGHT
        self.waiting -= 1
        self._last = now
        if self.waiting < FEW:
            self._short = now
        if self.waiting == 0:
            self._empty = now

    def is_over(self, connections: int) -> bool:
        """Say whether one more would wait for too long.

        Args:
            connections: How many there are: few clients may wait for each other.
        """
        if self.waiting < FEW:
            return False
        expected = self.waiting * self._each
        if connections <= _CLIENTS:
            return expected > self._deadline
        now = self._clock()
        if expected <= self._steady:
            self._short = now
            return False
        if now - self._short < self._longest and now > self._strict_until:
            return expected > self._longest
        self._strict_until = now + self._longest  # or what is taken at once, and answered at once, begins a burst again
        return True
