"""The thread in which bodies are worked on that take long; those that wait at once share one call of a dear model.

Nothing is waited for: what came while the model was busy goes into its next call. Each request is read and checked by
itself, and where the shared call fails, or gives what is not finite, each is predicted by itself: what is wrong with
one is never wrong with another.
"""

import asyncio
import queue
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ml.predictions.codec import chosen, finite
from ml.predictions.predictor import Predictions
from ml.values.number_table import NumberTable
from schemas.deploy_spec import DeploySpec
from serving.http.admission import Admission
from serving.http.metric_table import REPEATED_REQUESTS, SHARED_CALLS, SHARED_REQUESTS
from serving.http.pulse import Pulse
from serving.http.question import Question
from serving.http.reading import GoOn, Rows
from serving.http.turn import Turn
from serving.http.work import Work, finish, read
from serving.releases.loaded_version import Version

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_MOST = 64  # requests of one call
_SECONDS = 0.25  # that its rows may take, by what one row took


class _Job(NamedTuple):
    version: Version
    question: Question
    go_on: GoOn
    done: "asyncio.Future[Work]"
    loop: asyncio.AbstractEventLoop


class _Read(NamedTuple):
    job: _Job
    rows: Rows


class Batching:
    """Works on bodies in a thread of its own.

    Args:
        model: The model's name.
        spec: The service's limits.
        pulse: Is told when the thread begins with something, and ends.
        admission: Is told how long a call takes.
    """

    def __init__(self, model: str, spec: DeploySpec, pulse: Pulse, admission: Admission) -> None:
        self._model, self._spec, self._pulse, self._admission = model, spec, pulse, admission
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._next: _Job | None = None  # taken from the queue, and of another version
        self._calls, self._requests, self._repeated = Counter[str](), Counter[str](), Counter[str]()
        self._thread: threading.Thread | None = None

    async def asked(self, version: Version, question: Question, go_on: GoOn, turn: Turn | None = None) -> Work:
        """Return what comes of a request, whose turn lasts as long as it waits here. Raises HttpError."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="predict", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        job = _Job(version, question, go_on, loop.create_future(), loop)
        self._jobs.put(job)
        self._admission.aside += 1
        if turn is not None:
            turn.hold()
        try:
            return await job.done
        finally:
            self._admission.aside -= 1
            if turn is not None:
                turn.let_go()

    def metrics(self) -> "Iterator[Metric]":
        """Yield how many calls were shared, by how many requests, and how many were repeated one by one."""
        for family, counts in (
            (SHARED_CALLS, self._calls),
            (SHARED_REQUESTS, self._requests),
            (REPEATED_REQUESTS, self._repeated),
        ):
            samples = [({"model": self._model, "version": version}, count) for version, count in sorted(counts.items())]
            yield family.of(samples)

    def _run(self) -> None:
        while True:
            group = self._group()
            self._pulse.begin()
            version = group[0].version
            self._admission.call = version.seconds_alone if version.shares_calls else 0.0
            try:
                self._work(group)
            finally:
                self._pulse.end()

    def _group(self) -> list[_Job]:
        """Return the next body, with those behind it that may share its call."""
        first, self._next = self._next or self._jobs.get(), None
        group = [first]
        while first.version.shares_calls and len(group) < _MOST:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job.version is not first.version:
                self._next = job
                break
            group.append(job)
        return group

    def _work(self, group: list[_Job]) -> None:
        version, most = group[0].version, 0
        if version.shares_calls:
            most = max(1, int(_SECONDS / version.seconds_per_row))
        together, rows = list[_Read](), 0
        for job in group:
            one = self._read(job)
            if one is None:
                continue
            if together and rows + len(one.rows.checked.positions) > most:
                self._predict(version, together)
                together, rows = [], 0
            together.append(one)
            rows += len(one.rows.checked.positions)
        self._predict(version, together)

    def _read(self, job: _Job) -> _Read | None:
        """Read one body; what is wrong with it is its own affair."""
        if job.done.cancelled():
            return None
        try:
            return _Read(job, read(job.version, job.question, self._spec, job.go_on))
        except Exception as error:
            _resolve(job, error)
            return None

    def _predict(self, version: Version, together: list[_Read]) -> None:
        shared = self._shared(version, together) if len(together) > 1 else None
        for place, one in enumerate(together):
            try:
                one.job.go_on()
                predicted = version.predict(one.rows.checked.cells) if shared is None else shared[place]
                _resolve(one.job, finish(version, one.rows, predicted, self._spec))
            except Exception as error:  # HttpError, or a defect of the model's, which its own request is told
                _resolve(one.job, error)

    def _shared(self, version: Version, together: Sequence[_Read]) -> list[Predictions] | None:
        """Return the predictions of each from one call; None where something is wrong with the call."""
        counts = [len(one.rows.checked.positions) for one in together]
        self._calls[version.version] += 1
        self._requests[version.version] += len(together)
        try:
            predicted = version.predict(_joined([one.rows.checked.cells for one in together]))
            known = finite(predicted)
            if len(known) == sum(counts) and known.all():
                return _split(predicted, counts)
        except Exception:  # one by one it shows whose it is, and what it is
            pass
        self._repeated[version.version] += len(together)
        return None


def _joined(many: Sequence[Mapping[str, Sequence[Any]]]) -> Mapping[str, Sequence[Any]]:
    tables = [cells for cells in many if isinstance(cells, NumberTable)]
    if len(tables) == len(many):
        return NumberTable(tables[0].names, np.concatenate([one.table for one in tables], axis=1))
    return {name: [value for cells in many for value in cells[name]] for name in many[0]}


def _split(predicted: Predictions, counts: Sequence[int]) -> list[Predictions]:
    whose = np.repeat(np.arange(len(counts)), counts)
    return [chosen(predicted, whose == place) for place in range(len(counts))]


def _resolve(job: _Job, outcome: Work | Exception) -> None:
    def resolve() -> None:
        if job.done.done():
            return
        if isinstance(outcome, Exception):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome)

    try:
        job.loop.call_soon_threadsafe(resolve)
    except RuntimeError:  # the loop is closed, and nobody waits any more
        return
