"""Versions that follow unseen: they predict what another one has answered, and the journal alone hears of it."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from serving.http.errors import HttpError, dump
from serving.http.families import counter
from serving.http.work import Work
from serving.journal.insertion import Shadowed
from serving.journal.writer import Journal, JournalError
from serving.releases.loaded_version import Version

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_MOST = 64  # requests that wait
_MOST_BYTES = 8_000_000  # of their bodies
logger = logging.getLogger("bentoml.drivetrain")

Does = Callable[[Version, bytes], Work]


class Shadowing:
    """Predicts in a thread of its own, one request after another; what comes too fast for it is dropped and counted.

    Args:
        model: The model's name.
        journal: Where the answers go.
        does: Works on a body. Raises HttpError.
    """

    def __init__(self, model: str, journal: Journal, does: Does) -> None:
        self._model, self._journal, self._does = model, journal, does
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._tasks: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._dropped: Counter[str] = Counter()

    def follow(self, version: Version, content: bytes, request_id: str) -> None:
        """Predict a body that was answered by another version; returns at once."""
        if len(self._tasks) >= _MOST or self._bytes + len(content) > _MOST_BYTES:
            self._dropped[version.version] += 1
            return
        self._bytes += len(content)
        task = asyncio.get_running_loop().create_task(self._follow(version, content, request_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def metrics(self) -> "Iterator[Metric]":
        """Yield what shadows did, and what was too much for them."""
        mine = {"model": self._model}
        requests = [
            (mine | {"version": version, "status": str(status)}, count)
            for (version, status), count in sorted(self._requests.items())
        ]
        dropped = [(mine | {"version": version}, count) for version, count in sorted(self._dropped.items())]
        yield counter("drivetrain_shadow_requests", "Requests that a shadow followed, by what it would say.", requests)
        yield counter("drivetrain_shadow_dropped", "Requests that a shadow was too slow for.", dropped)

    async def _follow(self, version: Version, content: bytes, request_id: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            entry = await loop.run_in_executor(self._threads, self._predicted, version, content, request_id)
            await self._journal.write(entry)
            self._requests[version.version, entry.status] += 1
        except (JournalError, asyncio.CancelledError):
            self._dropped[version.version] += 1
        finally:
            self._bytes -= len(content)

    def _predicted(self, version: Version, content: bytes, request_id: str) -> Shadowed:
        started = time.perf_counter()
        done, status = None, 200
        try:
            done = self._does(version, content)
        except HttpError as error:
            status = error.status
        except Exception:
            logger.exception("version %s, a shadow, broke on a request", version.version)
            status = 500
        return Shadowed(
            request_id=request_id,
            time=time.time(),
            version=version.version,
            status=status,
            rows=0 if done is None else len(done.checked.positions),
            places=dump(done.checked.positions) if done is not None and done.checked.errors else None,
            answers="[]" if done is None else done.answers,
            for_review=0 if done is None else sum(done.predictions.needs_review),
            latency=time.perf_counter() - started,
        )
