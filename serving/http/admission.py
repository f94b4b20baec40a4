"""Which requests are taken: no more than are answered in time, so that those that are taken are answered soon."""

import time
from collections.abc import Callable

FEW = 8
"""Requests that may wait, however long that takes."""
_FEWEST = 2
"""Those that may while more come than can be answered."""
_CLIENTS = 64  # connections that cannot make each other wait for long: each waits for its own answer
_STEADY = 25  # a queue that does not empty may be so many times shorter than one that just came
_MEASURED = 1.0  # seconds of work, after which what was measured counts half

LATE = "drivetrain.late"
"""The mark of a request that is not to be taken."""


class Admission:
    """How many requests wait for their answer, and how long that will take, by what it took those before.

    A request waits from when it is whole; what waits longer in the kernel's buffers, while others are worked on, is
    bounded with it. A burst may wait for `longest` seconds. A queue that stays long for all of that time is none: more
    come than can be answered, and it would only make everybody wait. Then as many wait as are answered in a 25th of it,
    until none was too much for `longest` seconds. (The least wait of an interval tells the two apart, as in CoDel,
    RFC 8289.)

    The time between two answers is that of the work where requests queue for it. Where few wait, each for itself, it
    is their clients' pace, and says nothing of how many could be answered: it is left out. What waits for somebody
    else, `elsewhere`, is in no queue of ours: for a lookup's source, or for a commit that takes its time however many
    are in it.

    Args:
        longest: Seconds that a request may wait for its turn.
        deadline: Seconds after which nobody waits any more.
    """

    def __init__(
        self, longest: float = 0.5, deadline: float = 10.0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.waiting = 0
        """Requests that wait for their turn, or have it."""
        self.elsewhere = 0
        """Those that wait for somebody else."""
        self.few = FEW
        """How many may always wait."""
        self._longest, self._deadline, self._clock = longest, deadline, clock
        self._steady = longest / _STEADY
        self._strict_until = 0.0
        self._worked, self._answers = 0.0, 1.0  # seconds in which requests queued, and how many were answered in them
        self._behind = 0  # requests that a queue has left, which are mostly answered with it
        self._last = self._short = clock()  # when the last was answered, or a queue began; and when few waited last

    def entered(self) -> None:
        """Note that a request is whole."""
        self.waiting += 1
        if self.waiting == FEW:
            self._last = self._short = self._clock()

    def left(self) -> None:
        """Note that a request is answered, or its client gone."""
        now = self._clock()
        if self.waiting >= FEW:
            self._behind = FEW
            self._measure(now - self._last)
        elif self._behind:  # many are answered at once: not only the first ones count
            self._behind -= 1
            if (now - self._last) * self._answers < self._worked:
                self._measure(now - self._last)
        self.waiting -= 1
        self._last = now
        if self.waiting < FEW:
            self._short = now

    def went_elsewhere(self) -> None:
        """Note that a request waits for somebody else."""
        self.waiting -= 1
        self.elsewhere += 1

    def came_back(self) -> None:
        """Note that one waits for us again."""
        self.elsewhere -= 1
        self.entered()

    def is_over(self, connections: int) -> bool:
        """Say whether one more would wait for too long.

        Args:
            connections: How many there are: few clients may wait for each other.
        """
        if self.waiting < self.few:
            return False
        expected = self.waiting * self._worked / self._answers
        if connections <= _CLIENTS:
            return expected > self._deadline
        now = self._clock()
        if expected <= self._steady or (now > self._strict_until and self.waiting < FEW):
            self._short, self.few = now, FEW if now > self._strict_until else _FEWEST
            return False
        if now - self._short < self._longest and now > self._strict_until:
            return expected > self._longest
        self.few = _FEWEST
        self._strict_until = now + self._longest  # or what is taken at once, and answered at once, begins a burst again
        return True

    def _measure(self, seconds: float) -> None:
        if self._worked >= _MEASURED and seconds * self._answers > self._worked:  # not between those answered at once
            self._worked, self._answers = self._worked / 2, self._answers / 2
        self._worked += seconds
        self._answers += 1
