"""How many rows a model may be asked at once, so that it is looked at the time often, whatever it costs to ask it."""

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Clock = Callable[[], float]
_MOST_SECONDS = 0.25  # of one question
_SHARE = 1 / 20  # of the time left
_NUMBERS = 1 << 19  # of the rows that a model is asked at once
_MOST_ROWS = 4096


class Pace:
    """Remembers how long questions took, by the numbers in their rows; rows larger than any before are tried singly.

    Args:
        clock: Gives seconds, from whenever on.
    """

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock = clock
        self._seconds = 0.0  # for each number of a row
        self._largest = 0

    @contextmanager
    def asking(self, rows: int, size: int) -> "Iterator[None]":
        """Measure a question of so many rows of so many numbers each."""
        started = self._clock()
        yield
        self._seconds = (self._clock() - started) / (rows * size)
        self._largest = max(self._largest, size)

    def seconds(self, rows: int, size: int) -> float:
        """Return about how long so many rows of so many numbers each take."""
        return self._seconds * rows * size

    def rows(self, size: int, left: float) -> int:
        """Return how many rows of so many numbers each may be asked at once, one at least.

        Args:
            size: How many numbers a row has.
            left: Seconds that there are.
        """
        if size > self._largest:
            return 1
        most = min(_NUMBERS // size, _MOST_ROWS)
        one = self.seconds(1, size)
        if one > 0:
            most = min(most, int(min(_MOST_SECONDS, _SHARE * left) / one))
        return max(1, most)
