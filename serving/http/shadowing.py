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
from serving.http.metric_table import SHADOW_DROPPED, SHADOW_REQUESTS
from serving.http.question import Question
from serving.http.work import Work
from serving.journal.insertion import Shadowed
from serving.journal.outcome import JournalError
from serving.journal.writer import Journal
from serving.lookups.lookup import uncounted
from serving.releases.loaded_version import Version

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_MOST = 64  # requests that wait
_MOST_BYTES = 8_000_000  # of their bodies
_LOOK_SECONDS = 1.0  # between two looks whether a shadow still stands
logger = logging.getLogger("bentoml.drivetrain")

Does = Callable[[Version, Question], Work]


class _Job(NamedTuple):
    question: Question
    request_id: str
    done: "asyncio.Future[Shadowed]"
    loop: asyncio.AbstractEventLoop


class _Thread:
    """The thread in which one shadow predicts; whatever its model does there, it keeps no process from ending."""

    def __init__(self, version: Version, predict: "Callable[[Version, Question, str], Shadowed]") -> None:
        self.version, self._predict = version, predict
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"shadow {version.version}", daemon=True).start()

    def asked(
        self, question: Question, request_id: str, done: "asyncio.Future[Shadowed]", loop: asyncio.AbstractEventLoop
    ) -> "asyncio.Future[Shadowed]":
        """Return `done`, which will hold what the shadow predicts."""
        self._waiting.put(_Job(question, request_id, done, loop))
        return done

    def end(self) -> None:
        """End once what waits is done."""
        self._waiting.put(None)

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            if job.done.cancelled():
                continue
            entry = self._predict(self.version, job.question, job.request_id)
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                job.loop.call_soon_threadsafe(_resolve, job.done, entry)


class Shadowing:
    """Predicts in a thread of its own, one request after another; what comes too fast for it is dropped and counted.

    Args:
        model: The model's name.
        journal: Where the answers go.
        does: Works on a request. Raises HttpError.
        shadow: Returns what follows now; the thread of what does no more ends.
    """

    def __init__(self, model: str, journal: Journal, does: Does, shadow: Callable[[], Version | None]) -> None:
        self._model, self._journal, self._does, self._shadow = model, journal, does, shadow
        self._thread: _Thread | None = None
        self._told: set[str] = set()  # versions of which the log has a traceback
        self._tasks: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._dropped: Counter[str] = Counter()

    def follow(self, version: Version, question: Question, request_id: str) -> None:
        """Predict what was answered by another version; returns at once."""
        if len(self._tasks) >= _MOST or self._bytes + question.size > _MOST_BYTES:
            self._dropped[version.version] += 1
            return
        self._bytes += question.size
        task = asyncio.get_running_loop().create_task(self._follow(version, question, request_id))
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
        yield SHADOW_REQUESTS.of(requests)
        yield SHADOW_DROPPED.of(dropped)

    async def _follow(self, version: Version, question: Question, request_id: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            entry = await self._thread_of(version).asked(question, request_id, loop.create_future(), loop)
            await self._journal.write(entry)
            self._requests[version.version, entry.status] += 1
        except (JournalError, asyncio.CancelledError):
            self._dropped[version.version] += 1
        finally:
            self._bytes -= question.size

    def _thread_of(self, version: Version) -> "_Thread":
        """Return the thread of a shadow; that of one before ends, or hangs and is left behind."""
        if self._thread is None or self._thread.version is not version:
            if self._thread is not None:
                self._thread.end()
                for task in self._tasks - {asyncio.current_task()}:
                    task.cancel()  # what waits for the one before
            else:
                asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
            self._thread = _Thread(version, self._predicted)
        return self._thread

    def _look(self) -> None:
        """Let go of a shadow that was withdrawn, once nothing waits for it."""
        if self._thread is None:
            return
        if self._tasks or self._shadow() is self._thread.version:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)
        else:
            self._thread.end()
            self._thread = None

    def _predicted(self, version: Version, question: Question, request_id: str) -> Shadowed:
        started = time.perf_counter()
        entry = Shadowed(request_id, time.time(), version.version, 500, 0, None, "[]", 0, 0.0)
        try:
            with uncounted():
                done = self._does(version, question)
            entry = entry._replace(
                status=200,
                rows=len(done.checked.positions),
                places=dump(done.checked.positions) if done.checked.errors else None,
                answers=done.answers,
                for_review=sum(done.needs_review),
            )
        except HttpError as error:
            entry = entry._replace(status=error.status)
        except Exception:
            if version.version not in self._told:  # the journal and the metrics count the others
                logger.exception("version %s, a shadow, broke on a request", version.version)
                self._told.add(version.version)
        return entry._replace(latency=time.perf_counter() - started)


def _resolve(done: "asyncio.Future[Shadowed]", entry: Shadowed) -> None:
    if not done.done():
        done.set_result(entry)
