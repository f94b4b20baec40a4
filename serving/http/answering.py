"""From rows that somebody sent to predictions that the journal holds: the one way, whatever form the rows came in."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from starlette.types import Scope

from serving.http.access_log import REQUEST
from serving.http.admission import Admission
from serving.http.batching import Batching
from serving.http.capture_metrics import capture_metrics
from serving.http.comparing import Comparing, Refusal
from serving.http.counts import NO_VERSION, CountsByVersion
from serving.http.deadline import going_on
from serving.http.errors import RETRY, HttpError
from serving.http.looking_up import LookingUp
from serving.http.metric_table import IN_WORK
from serving.http.places import Places
from serving.http.pulse import Pulse
from serving.http.question import ByVersion, Question
from serving.http.reading import GoOn, Reader, reader
from serving.http.routing import Chosen, Routing
from serving.http.shadowing import Shadowing
from serving.http.traceparent import TRACE
from serving.http.turn import TURN, Turn
from serving.http.unanswered import failed, refused
from serving.http.work import NonePredicted, Work, predicted, read, request_of, work
from serving.journal.outcome import JournalError, JournalFull
from serving.journal.writer import Journal
from serving.process.settings import Settings
from serving.releases.follower import Follower
from serving.releases.loaded_version import Version
from serving.releases.traffic import Traffic

if TYPE_CHECKING:
    from prometheus_client.core import Metric

One = TypeVar("One")
_INLINE_BYTES = 65_536  # larger bodies are worked on in a thread, so that the others need not wait
_INLINE_TEXTS = 16_384  # the same of texts, whose words take longer than numbers
_TOLD = "drivetrain.told"  # of a request, what its span says of it
_VERSION = "drivetrain.version"  # of a request, the version that answers it


class Answered(NamedTuple):
    """A request whose predictions the journal holds, under `request_id`."""

    request_id: str
    version: Version
    done: Work


class Answering:
    """Chooses a version, reads, validates, predicts, journals and counts; what follows unseen comes after.

    Args:
        settings: The service's.
        follower: Who holds the versions.
        journal: Where predictions go.
        pulse: What ends a worker in which a model stands still.
        admission: What hears how long calls take that answer several requests.
    """

    def __init__(
        self, settings: Settings, follower: Follower, journal: Journal, pulse: Pulse, admission: Admission
    ) -> None:
        self._settings, self._spec = settings, settings.spec
        self._follower, self._journal, self._pulse = follower, journal, pulse
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._batching = Batching(settings.model, self._spec, pulse, admission)
        self._looking_up = LookingUp(settings.model, self._spec.lookups)
        self._counts = CountsByVersion(settings.model)
        self._shadowing = Shadowing(settings.model, journal, self._shadowed, self._shadow)
        self._comparing = Comparing(settings.model, self._spec, journal, self._shadowing.follow)
        self._routing = Routing(journal, self._spec.route_by)
        self.places = Places(self._spec.queue)
        """Of the requests that are in work."""
        self.readers: ByVersion[Reader] = ByVersion(follower, self._reader)
        """What reads JSON rows, and checks rows of any other form."""

    async def answer(self, question: Question, started: float, scope: Scope, pinned: Version | None = None) -> Answered:
        """Return the predictions for a request that arrived at `started` (time.perf_counter). Raises HttpError.

        Args:
            question: Its rows.
            started: When it arrived.
            scope: Of the request; `count` reads from it who answered.
            pinned: The version that it names, which nothing follows then; None: traffic decides.
        """
        request_id = _request_id()
        chosen = self._chosen(scope, request_id, pinned)
        version = chosen.version
        scope[_VERSION] = version.version
        try:
            go_on = going_on(self._spec.deadline, started)
            done = await self._worked(version, question, go_on, scope.get(TURN))
            scope[REQUEST] = request_id, version.version, done.rows.count
            await self._record(request_id, chosen, done, started, scope)
        except BaseException as error:
            if isinstance(error, NonePredicted):
                self._counts.of(version.version).refused += len(error.errors)
            took = time.perf_counter() - started
            row = failed(request_id, version.version, chosen.share, error, took, took >= self._spec.deadline)
            if row is not None:
                self._comparing.failed(Refusal(chosen, row, question, started), error)
            raise
        if done.checked.errors:
            took = time.perf_counter() - started
            row = refused(request_id, version.version, chosen.share, done, took)
            self._comparing.refused_rows(Refusal(chosen, row, question, started, done.checked.errors))
        counts = self._counts.of(version.version)
        counts.predicted += len(done.needs_review)
        counts.refused += len(done.checked.errors)
        counts.for_review += sum(done.needs_review)
        counts.flagged += len(done.checked.flags)
        if chosen.shadow is not None:
            self._shadowing.follow(chosen.shadow, question, request_id)
        return Answered(request_id, version, done)

    async def aside(self, job: Callable[[], One]) -> One:
        """Return what a job does in a thread, one after the other, so that other requests need not wait for it."""

        def timed() -> One:
            self._pulse.begin()
            try:
                return job()
            finally:
                self._pulse.end()

        return await asyncio.get_running_loop().run_in_executor(self._threads, timed)

    def count(self, status: int, seconds: float, scope: Scope) -> None:
        """Count one request."""
        counts = self._counts.of(scope.get(_VERSION, NO_VERSION))
        counts.requests[status] += 1
        counts.latency.add(seconds)

    def told(self, scope: Scope) -> dict[str, str | int]:
        """Return what a span says of a request: the version that answered, the request's id and its rows."""
        return {"drivetrain.version": scope.get(_VERSION, NO_VERSION), **scope.get(_TOLD, {})}

    def metrics(self) -> "Iterator[Metric]":
        """Yield requests by version and status, rows, and how long requests took."""
        yield from self._counts.metrics()
        yield from self._batching.metrics()
        yield IN_WORK.of([({"model": self._settings.model}, self.places.taken)])
        yield from self._shadowing.metrics()
        yield from self._comparing.metrics()
        yield from capture_metrics(self._settings.model, self._journal, self._follower)
        yield from self._looking_up.metrics()

    def require_ready(self) -> Traffic[Version]:
        """Return who answers. Raises HttpError, 503, where nobody can."""
        traffic = self._follower.traffic
        if traffic is None:
            raise HttpError(503, f"not ready: {self._follower.why_not_ready}", headers=RETRY)
        if self._follower.journal.withholds is not None:
            self._counts.journal_failures += 1
            raise HttpError(503, f"not ready: {self._follower.journal.withholds}", headers=RETRY)
        return traffic

    def _chosen(self, scope: Scope, request_id: str, pinned: Version | None) -> Chosen:
        traffic = self.require_ready()
        if pinned is not None:
            return Chosen(pinned)
        version, share = self._routing.route(traffic, scope["headers"], request_id)
        other = traffic.candidate if version is traffic.current else traffic.current
        return Chosen(version, share, None if share is None else other, traffic.shadow)

    async def _worked(self, version: Version, question: Question, go_on: GoOn, turn: Turn | None) -> Work:
        """Work on a request, here where that is quick."""
        if self._looking_up.lookups and question.waits(version):
            return await self._looked_up(version, question, go_on, turn)
        most_inline = _INLINE_TEXTS if version.model.texts else _INLINE_BYTES
        if question.size <= most_inline and version.is_quick(question.most_rows(version.validator.width)):
            return work(version, question, self._spec, go_on)
        return await self._batching.asked(version, question, go_on, turn)

    async def _looked_up(self, version: Version, question: Question, go_on: GoOn, turn: Turn | None) -> Work:
        """Read a request in a thread that may wait for lookups, and predict here where that is quick."""
        rows = await self._looking_up.run(turn, read, version, question, self._spec, go_on)
        if version.is_quick(len(rows.checked.positions)):
            return predicted(version, rows, self._spec)
        return await self.aside(lambda: predicted(version, rows, self._spec))

    def _shadow(self) -> Version | None:
        traffic = self._follower.traffic
        return None if traffic is None else traffic.shadow

    def _shadowed(self, version: Version, question: Question) -> Work:
        return work(version, question, self._spec, going_on(self._spec.deadline, time.perf_counter()))

    def _reader(self, version: Version) -> Reader:
        model, keep = version.model, self._settings.journal.keep
        lookups = self._looking_up.lookups
        return reader(model.signature, version.validator, self._spec, keep, model.texts, lookups)

    async def _record(self, request_id: str, chosen: Chosen, done: Work, started: float, scope: Scope) -> None:
        latency = time.perf_counter() - started
        request = request_of(request_id, chosen.version.version, done, latency, chosen.share)
        if TRACE in scope:  # telemetry is on
            scope[_TOLD] = {"drivetrain.request_id": request_id, "drivetrain.rows": request.rows}
            if (trace := scope[TRACE]) is not None:
                request = request._replace(trace=trace.text)
        try:
            await self._journal.write(request, scope.get(TURN))
        except JournalFull as error:
            raise HttpError(429, str(error), headers=RETRY) from error
        except JournalError as error:
            self._counts.journal_failures += 1
            raise HttpError(503, "the journal cannot be written, so the answer is withheld", headers=RETRY) from error


def _request_id() -> str:
    """Return a UUID whose first 48 bits are the time (version 7), so that the journal's index grows at its end."""
    milliseconds = time.time_ns() // 1_000_000
    text = (milliseconds.to_bytes(6, "big") + os.urandom(10)).hex()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"
