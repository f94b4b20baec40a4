"""The lookups of a worker: their threads, and what Prometheus is told of them."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from schemas.lookups import LookupSpec
from serving.http.families import Latency, counter, gauge, histogram
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
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="read") if specs else None

    async def run(self, does: Callable[..., Result], *arguments: object) -> Result:
        """Return what a function returns that may wait for lookups."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, does, *arguments)

    def metrics(self) -> "Iterator[Metric]":
        """Yield what the caches knew, what was asked and not answered, and how long that took."""
        if not self.lookups:
            return
        all_of = [({"model": self._model, "lookup": one.spec.name}, one) for one in self.lookups]
        yield counter("drivetrain_lookup_hits", "Keys that the cache knew.", [(mine, one.hits) for mine, one in all_of])
        yield counter(
            "drivetrain_lookup_misses",
            "Keys that the cache did not know.",
            [(mine, one.misses) for mine, one in all_of],
        )
        yield counter(
            "drivetrain_lookup_failures",
            "Questions to a source that it did not answer.",
            [(mine, one.failures) for mine, one in all_of],
        )
        yield gauge(
            "drivetrain_lookup_open",
            "1 while a source is not asked, since it did not answer.",
            [(mine, float(one.is_open)) for mine, one in all_of],
        )
        seconds = [(mine, self._seconds[one.spec.name]) for mine, one in all_of]
        yield histogram("drivetrain_lookup_seconds", "Seconds a question to a source took.", seconds)
