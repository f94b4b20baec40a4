"""Keeps requests from waiting for a source that does not answer."""

import threading
import time
from collections.abc import Callable

_FAILURES = 3  # one after another
_SHORTEST, _LONGEST = 1.0, 30.0
"""Seconds that nobody asks: twice as long each time that the source still does not answer."""


class Breaker:
    """Closed while a source answers. After three failures in a row it is open: nobody asks but one, now and then.

    Source:
        M. T. Nygard, Release It!, 2nd edition, 2018, chapter 5: circuit breaker.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures, self._pause, self._until = 0, _SHORTEST, 0.0

    @property
    def is_open(self) -> bool:
        """Whether the source is given a rest."""
        return self._failures >= _FAILURES

    def lets_through(self) -> bool:
        """Say whether the source may be asked; while it is open, one at a time may try."""
        with self._lock:
            if not self.is_open:
                return True
            if self._clock() < self._until:
                return False
            self._until = self._clock() + self._pause  # whoever tries; the others wait for what comes of it
            return True

    def succeeded(self) -> None:
        """Note an answer."""
        with self._lock:
            self._failures, self._pause = 0, _SHORTEST

    def said_nothing(self) -> None:
        """Note that a try ended, and says nothing of the source: the next one may try at once."""
        with self._lock:
            self._until = self._clock()

    def failed(self) -> None:
        """Note that there was none."""
        with self._lock:
            was_open = self.is_open
            self._failures += 1
            if self.is_open:
                self._pause = min(_LONGEST, 2 * self._pause) if was_open else _SHORTEST
                self._until = self._clock() + self._pause
