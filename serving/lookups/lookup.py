"""One lookup: from keys to what is known of them, by its cache, else by its source while that answers in time."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice

from schemas.lookups import LookupSpec
from serving.lookups.breaker import Breaker
from serving.lookups.cache import Cache
from serving.lookups.question import Question
from serving.lookups.source import Found, Key, Lost, Source, Unavailable

CONNECTIONS = 8
"""Of a lookup of one worker, at most; as many requests may wait for the source at once."""
_EXCUSED = 5
"""Questions of unusually many keys in a row that may end by their timeout alone."""
_STUCK = 2
"""Timeouts without any coming or going, after which connections that are all taken are stuck in the source."""
logger = logging.getLogger("bentoml.drivetrain")
_is_counted = ContextVar("is_counted", default=True)


@contextmanager
def uncounted() -> Iterator[None]:
    """Count no keys within: of a request that another version reads once more, unseen.

    Questions to the source, how long they take and whether they fail count always: they are the source's, and where
    only that version has the lookup nothing else tells of it.
    """
    before = _is_counted.set(False)
    try:
        yield
    finally:
        _is_counted.reset(before)


class Lookup:
    """A declared lookup of one worker.

    Args:
        spec: What is declared.
        source: What is asked.
        observe: Told how many seconds each question to the source took.
        breaker: Its own; None: one by this process's clock.
    """

    def __init__(
        self,
        spec: LookupSpec,
        source: Source,
        observe: Callable[[float], None] = lambda _: None,
        breaker: Breaker | None = None,
    ) -> None:
        self.spec = spec
        self.hits = self.misses = self.failures = 0
        """Keys that the cache knew, keys that it did not, and questions that were not answered, or not for all keys.

        Keys are those of requests; questions are also those of versions that read a request once more (`uncounted`).
        """
        self._source, self._observe = source, observe
        self._cache, self._breaker = Cache(spec.cache_size, spec.cache_seconds), breaker or Breaker()
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix=f"lookup {spec.name}")
        self._free = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()
        self._told = ""
        self._most = 0  # keys that the source answered together
        self._is_wary = False  # since it failed at once for more keys: that may be for their number
        self._excused, self._excused_at = 0, 0.0  # since it answered any, and when the last one ended
        self._moved = time.monotonic()  # when a connection was last taken, or came back

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
        if _is_counted.get():
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
        is_trial = self._breaker.is_open  # by no more keys than were answered before: their number keeps nobody out
        if not self._breaker.lets_through():
            return dict.fromkeys(keys, Lost.FAILED)
        asked = dict(islice(keys.items(), self._usual)) if is_trial else keys
        question = Question(self._source, asked, self._cache.add, self._usual if self._is_wary else sys.maxsize)
        started = time.perf_counter()
        try:
            self._wait_for(question)
            self._note(question, question.refused, is_trial=is_trial)
        except Unavailable as error:
            self._note(question, error, is_trial=is_trial)
        finally:
            self._observe(time.perf_counter() - started)
        return dict.fromkeys(keys, Lost.FAILED) | question.found

    def _wait_for(self, question: Question) -> None:
        """Ask in another thread: drivers have timeouts of their own kinds, and nobody waits longer than declared."""
        ends = time.monotonic() + self.spec.timeout
        question.is_late = not self._free.acquire(blocking=False)
        if question.is_late and not self._free.acquire(timeout=self.spec.timeout):
            raise Unavailable(f"{CONNECTIONS} questions are under way already")
        self._moved = time.monotonic()
        try:
            asked = self._threads.submit(question.ask, ends)
        except RuntimeError:  # the service ends
            self._free.release()
            raise Unavailable("the service ends") from None
        asked.add_done_callback(self._free_again)
        try:
            asked.result(max(0.0, ends - time.monotonic()))
        except TookTooLong:
            raise Unavailable(f"no answer within {self.spec.timeout:g} seconds") from None

    def _free_again(self, _: "Future[None]") -> None:
        self._moved = time.monotonic()
        self._free.release()

    def _note(self, question: Question, error: Exception | None, *, is_trial: bool) -> None:
        """Count, and tell the breaker: no client opens it for others by keys of his own, nor by how many he sends."""
        with self._lock:
            self._most = max(self._most, question.most)
            self.failures += error is not None
            if question.most:
                self._excused, self._is_wary = 0, False
            is_failure = isinstance(error, Unavailable) and not question.refused and self._is_failure(question)
        if question.most:
            self._breaker.succeeded()
        elif is_failure:
            self._breaker.failed()
        elif is_trial:
            self._breaker.said_nothing()
        if error is None:
            self._told = ""
        elif str(error) != self._told:  # once, not with every request
            self._told = str(error)
            logger.warning("the lookup %s fails: %s", self.spec.name, error)

    @property
    def _usual(self) -> int:
        """Keys that a source can answer together unless it is down, as far as is known."""
        return self._most or 1

    def _is_failure(self, question: Question) -> bool:
        """Say whether the source is to blame for a question without any answer; the lock is held."""
        if question.failed_at_once:
            is_usual = question.part <= self._usual
            self._is_wary |= not is_usual  # the next question begins with fewer keys, and tells
            return is_usual
        if question.is_late:  # it took what others asked for, unless none of these has come back
            return time.monotonic() - self._moved >= _STUCK * self.spec.timeout
        if not self._most or question.part <= self._most:
            return True
        if question.began < self._excused_at:  # beside another one: a burst of them counts once
            return False
        self._excused, self._excused_at = self._excused + 1, time.monotonic()
        return self._excused > _EXCUSED


def _or_unknown(row: Found | None) -> Found | Lost:
    return Lost.UNKNOWN if row is None else row
