"""How many clients have asked lately: those that are connected and say nothing make nobody wait."""

import time
from collections.abc import Callable

_LATELY = 2.0  # seconds: who was refused may come again after one (Retry-After)
_PERIODS = 15  # of two seconds each, in half a minute


class Clients:
    """The connections on which a request came, in this period of two seconds or in the one before.

    One that ended counts no more where `left` is called for it; who was refused comes again, and goes on to count.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._period, self._ends = 0, 0.0
        self._lately, self._longer = _Span(1), _Span(_PERIODS)
        self._next_period(clock())

    def note(self, last: int) -> int:
        """Note that a request came, on a connection whose last one came in the period `last`; return this period."""
        now = self._clock()
        if now >= self._ends:
            self._next_period(now)
        if last != self._period:
            self._lately.note(last)
            self._longer.note(last)
        return self._period

    def left(self, last: int) -> None:
        """Note that a connection ended whose last request came in the period `last`: who comes on a new one is one."""
        self._lately.left(last)
        self._longer.left(last)

    @property
    def of_late(self) -> int:
        """How many there were at least in half a minute, and up to a minute.

        While most are refused, few are connected at a time: in two seconds those are seen that wait now, and not how
        many would wait if they were taken.
        """
        return max(len(self._lately), len(self._longer))

    def __len__(self) -> int:
        """Return how many there are at least."""
        return len(self._lately)

    def _next_period(self, now: float) -> None:
        self._period = int(now / _LATELY)
        self._ends = (self._period + 1) * _LATELY
        self._lately.move_to(self._period)
        self._longer.move_to(self._period)


class _Span:
    """Those who asked in this span of so many periods, or in the one before."""

    def __init__(self, periods: int) -> None:
        self._periods, self._span = periods, 0
        self._now = self._before = 0

    def move_to(self, period: int) -> None:
        span = period // self._periods
        if span != self._span:
            self._before, self._now, self._span = self._now if span == self._span + 1 else 0, 0, span

    def note(self, last: int) -> None:
        self._now += last // self._periods != self._span

    def left(self, last: int) -> None:
        span = last // self._periods
        if span == self._span:
            self._now -= 1
        elif span == self._span - 1:
            self._before -= 1

    def __len__(self) -> int:
        return max(self._now, self._before)
