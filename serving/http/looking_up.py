"""The lookups of a worker: their threads, and what Prometheus is told of them."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from schemas.lookups import LookupSpec
from serving.http.families import Latency
from serving.http.metric_table import LOOKUP_FAILURES, LOOKUP_HITS, LOOKUP_MISSES, LOOKUP_OPEN, LOOKUP_SECONDS
from serving.http.turn import Turn
from serving.lookups.lookup import CONNECTIONS, Lookup
from serving.lookups.opening import opened

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_THREADS = 2 * CONNECTIONS  # of requests: some find all that they need in the cache
Result = TypeVar("Result")


class LookingUp:
    """Reads requests in threads, since reading waits for lookups.

    Args:
        model: The model's name.
        specs: What is declared.

    Raises:
        DeploymentError: If a lookup cannot be opened.
    """

    def __init__(self, model: str, specs: Sequence[LookupSpec]) -> None:
        self._model = model
        self._seconds = {spec.name: Latency() for spec in specs}
        self.lookups: list[Lookup] = opened(specs, lambda name: self._seconds[name].add)
        """In the order in which they are done."""
        self._running = 0  # requests that are in a thread
        self._queued: deque[Turn | None] = deque()  # of those that wait for one
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="read") if specs else None

    async def run(self, turn: Turn | None, does: Callable[..., Result], *arguments: object) -> Result:
        """Return what a function returns that may wait for lookups.

        Args:
            turn: Of the request; one that waits for a lookup is in no queue of ours, one that waits for a thread is.
            does: The function.
            arguments: What it is called with.
        """
        if self._running < _THREADS:
            self._running += 1
            _begin(turn)
        else:
            self._queued.append(turn)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, does, *arguments)
        finally:
            if turn is not None:
                turn.came_back()
            if self._queued:
                _begin(self._queued.popleft())
            else:
                self._running -= 1

    def metrics(self) -> "Iterator[Metric]":
        """Yield what the caches knew, what was asked and not answered, and how long that took."""
        all_of = [({"model": self._model, "lookup": one.spec.name}, one) for one in self.lookups]
        yield LOOKUP_HITS.of([(mine, one.hits) for mine, one in all_of])
        yield LOOKUP_MISSES.of([(mine, one.misses) for mine, one in all_of])
        yield LOOKUP_FAILURES.of([(mine, one.failures) for mine, one in all_of])
        yield LOOKUP_OPEN.of([(mine, float(one.is_open)) for mine, one in all_of])
        yield LOOKUP_SECONDS.of_latencies([(mine, self._seconds[one.spec.name]) for mine, one in all_of])


def _begin(turn: Turn | None) -> None:
    if turn is not None:
        turn.went_elsewhere()
