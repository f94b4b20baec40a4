"""One lookup: from keys to what is known of them, by its cache, else by its source while that answers in time."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from enum import Enum

from schemas.lookups import LookupSpec
from serving.lookups.breaker import Breaker
from serving.lookups.cache import Cache
from serving.lookups.source import Found, Key, Source, Unavailable

CONNECTIONS = 8
"""Of a lookup of one worker, at most; as many requests may wait for the source at once."""
logger = logging.getLogger("bentoml.drivetrain")


class Lost(Enum):
    """Why nothing is known of a key."""

    UNKNOWN = "unknown"
    FAILED = "failed"


class Lookup:
    """A declared lookup of one worker.

    Args:
        spec: What is declared.
        source: What is asked.
        observe: Told how many seconds each question to the source took.
    """

    def __init__(self, spec: LookupSpec, source: Source, observe: Callable[[float], None] = lambda _: None) -> None:
        self.spec = spec
        self.hits = self.misses = self.failures = 0
        """Keys that the cache knew, keys that it did not, and questions that were not answered."""
        self._source, self._observe = source, observe
        self._cache, self._breaker = Cache(spec.cache_size, spec.cache_seconds), Breaker()
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix=f"lookup {spec.name}")
        self._free = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()
        self._told = ""

    @property
    def is_open(self) -> bool:
        """Whether the source is given a rest, since it did not answer."""
        return self._breaker.is_open

    def of(self, keys: Mapping[str, Key]) -> dict[str, Found | Lost]:
        """Return what is known of keys, by their text.

        Args:
            keys: As the source takes them, by their text.
        """
        known = self._cache.known(list(keys))
        absent = {text: key for text, key in keys.items() if text not in known}
        with self._lock:
            self.hits += len(known)
            self.misses += len(absent)
        found: dict[str, Found | Lost] = {text: _or_unknown(row) for text, row in known.items()}
        if absent:
            found |= self._asked(absent)
        return found

    def close(self) -> None:
        """Let go of the source."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._source.close()

    def _asked(self, keys: Mapping[str, Key]) -> dict[str, Found | Lost]:
        if not self._breaker.lets_through():
            return dict.fromkeys(keys, Lost.FAILED)
        started = time.perf_counter()
        try:
            rows = self._answered(list(keys.values()))
        except Unavailable as error:
            self._failed(error)
            return dict.fromkeys(keys, Lost.FAILED)
        finally:
            self._observe(time.perf_counter() - started)
        self._breaker.succeeded()
        self._told = ""
        answers = {text: rows.get(text) for text in keys}
        self._cache.add(answers)
        return {text: _or_unknown(row) for text, row in answers.items()}

    def _answered(self, keys: Sequence[Key]) -> Mapping[str, Found]:
        """Ask in another thread: drivers have timeouts of their own kinds, and nobody waits longer than declared."""
        ends = time.monotonic() + self.spec.timeout
        if not self._free.acquire(timeout=self.spec.timeout):
            raise Unavailable(f"{CONNECTIONS} questions are under way already")
        try:
            asked = self._threads.submit(self._source.fetch, keys, self.spec.timeout)
        except RuntimeError:  # the service ends
            self._free.release()
            raise Unavailable("the service ends") from None
        asked.add_done_callback(self._free_again)
        try:
            return asked.result(max(0.0, ends - time.monotonic()))
        except TookTooLong:
            raise Unavailable(f"no answer within {self.spec.timeout:g} seconds") from None

    def _free_again(self, _: "Future[Mapping[str, Found]]") -> None:
        self._free.release()

    def _failed(self, error: Unavailable) -> None:
        if error.counts:
            self._breaker.failed()
        with self._lock:
            self.failures += 1
        if str(error) != self._told:  # once, not with every request
            self._told = str(error)
            logger.warning("the lookup %s fails: %s", self.spec.name, error)


def _or_unknown(row: Found | None) -> Found | Lost:
    return Lost.UNKNOWN if row is None else row
