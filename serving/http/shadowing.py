"""Versions that follow unseen: they predict what another one has answered, and the journal alone hears of it."""

import asyncio
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

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


class _Job(NamedTuple):
    version: Version
    content: bytes
    request_id: str
    done: "asyncio.Future[Shadowed]"
    loop: asyncio.AbstractEventLoop


class Shadowing:
    """Predicts in a thread of its own, one request after another; what comes too fast for it is dropped and counted.

    Args:
        model: The model's name.
        journal: Where the answers go.
        does: Works on a body. Raises HttpError.
    """

    def __init__(self, model: str, journal: Journal, does: Does) -> None:
        self._model, self._journal, self._does = model, journal, does
        self._waiting: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._told: set[str] = set()  # versions of which the log has a traceback
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
            job = _Job(version, content, request_id, loop.create_future(), loop)
            self._start()
            self._waiting.put(job)
            entry = await job.done
            await self._journal.write(entry)
            self._requests[version.version, entry.status] += 1
        except (JournalError, asyncio.CancelledError):
            self._dropped[version.version] += 1
        finally:
            self._bytes -= len(content)

    def _start(self) -> None:
        """Start the thread that predicts; it keeps no process from ending, whatever a model does in it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            job = self._waiting.get()
            if job.done.cancelled():
                continue
            entry = self._predicted(job.version, job.content, job.request_id)
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                job.loop.call_soon_threadsafe(_resolve, job.done, entry)

    def _predicted(self, version: Version, content: bytes, request_id: str) -> Shadowed:
        started = time.perf_counter()
        done, status = None, 200
        try:
            done = self._does(version, content)
        except HttpError as error:
            status = error.status
        except Exception:
            status = 500
            if version.version not in self._told:  # the journal and the metrics count the others
                logger.exception("version %s, a shadow, broke on a request", version.version)
                self._told.add(version.version)
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


def _resolve(done: "asyncio.Future[Shadowed]", entry: Shadowed) -> None:
    if not done.done():
        done.set_result(entry)
