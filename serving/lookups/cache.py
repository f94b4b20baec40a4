"""Answers of a lookup that still hold: a bounded number of them, the longest unused ones are dropped."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from serving.lookups.source import Found


class Cache:
    """What is known of keys, None of one that is unknown to the source.

    Args:
        size: Keys that are held.
        seconds: That an answer holds; 0: none does.
        clock: Gives seconds.
    """

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._seconds, self._clock = size, seconds, clock
        self._held: OrderedDict[str, tuple[float, Found | None]] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, keys: list[str]) -> dict[str, Found | None]:
        """Return what is held of keys."""
        now, found = self._clock(), dict[str, Found | None]()
        with self._lock:
            for key in keys:
                held = self._held.get(key)
                if held is not None and now < held[0]:
                    found[key] = held[1]
                    self._held.move_to_end(key)
        return found

    def add(self, answers: dict[str, Found | None]) -> None:
        """Hold answers from now on."""
        if not self._seconds:
            return
        until = self._clock() + self._seconds
        with self._lock:
            for key, found in answers.items():
                self._held[key] = until, found
                self._held.move_to_end(key)
            while len(self._held) > self._size:
                self._held.popitem(last=False)
