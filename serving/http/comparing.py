"""What was refused while versions are compared: behind the answer the other version reads it, and says if it would."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from schemas.deploy_spec import DeploySpec
from serving.http.deadline import going_on
from serving.http.metric_table import COMPARISONS_DROPPED
from serving.http.question import Question
from serving.http.routing import Chosen
from serving.http.unanswered import may_be_shared, refused_alone
from serving.journal.insertion import Unanswered
from serving.journal.writer import Journal
from serving.lookups.lookup import uncounted
from serving.releases.loaded_version import Version

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_MOST = 64  # requests that wait
_MOST_BYTES = 8_000_000  # of their bodies, unless it is one alone
Follow = Callable[[Version, Question, str], None]


class Refusal(NamedTuple):
    """A request that got no predictions, or not of all rows.

    `row` is what would be journalled of it, `started` when it arrived (time.perf_counter), `places` are those of the
    rows that were refused; None: there is no prediction.
    """

    chosen: Chosen
    row: Unanswered
    question: Question
    started: float
    places: Collection[int] | None = None


class Comparing:
    """Journals what got no prediction where versions are compared, less what both of them refuse; nobody waits for it.

    Requests are read by the other version in one thread, one after another. What comes too fast for that, or whose turn
    comes after its deadline, is left out and counted: whichever version was asked, so it is unfair to neither.

    Args:
        model: The model's name.
        spec: The service's.
        journal: Where evidence goes.
        follow: Lets a shadow predict what was not answered.
    """

    def __init__(self, model: str, spec: DeploySpec, journal: Journal, follow: Follow) -> None:
        self._model, self._spec, self._journal, self._follow = model, spec, journal, follow
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="compare")
        self._tasks: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._dropped: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many requests wait for the other version."""
        return len(self._tasks)

    def failed(self, refusal: Refusal, error: BaseException) -> None:
        """Note a request that ended with an error; returns at once."""
        if refusal.chosen.compared is None:
            return
        if may_be_shared(error):
            self._later(refusal.chosen.compared, refusal)
        else:
            self._note(refusal, refusal.row)

    def refused_rows(self, refusal: Refusal) -> None:
        """Note a request of which some rows were refused; returns at once. What a shadow refuses, its answers show."""
        if refusal.chosen.other is not None:
            self._later(refusal.chosen.other, refusal)

    def metrics(self) -> "Iterator[Metric]":
        """Yield what was too much."""
        dropped = sorted(self._dropped.items())
        yield COMPARISONS_DROPPED.of([({"model": self._model, "version": one}, count) for one, count in dropped])

    def _later(self, other: Version, refusal: Refusal) -> None:
        size = refusal.question.size
        if len(self._tasks) >= _MOST or (self._tasks and self._bytes + size > _MOST_BYTES):
            self._dropped[refusal.row.version] += 1
            return
        self._bytes += size
        task = asyncio.get_running_loop().create_task(self._compare(other, refusal))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _compare(self, other: Version, refusal: Refusal) -> None:
        try:
            loop = asyncio.get_running_loop()
            row = await loop.run_in_executor(self._threads, self._compared, other, refusal)
        except TimeoutError:
            self._dropped[refusal.row.version] += 1
            return
        finally:
            self._bytes -= refusal.question.size
        if row is not None:
            self._note(refusal, row)

    def _compared(self, other: Version, refusal: Refusal) -> Unanswered | None:
        """Return what is to be noted. Raises TimeoutError where it is too late to begin."""
        if time.perf_counter() > refusal.started + self._spec.deadline:
            raise TimeoutError
        go_on = going_on(self._spec.deadline + self._spec.lookup_seconds, refusal.started)
        with uncounted():
            return refused_alone(refusal.row, refusal.places, other, refusal.question, self._spec, go_on)

    def _note(self, refusal: Refusal, row: Unanswered) -> None:
        self._journal.note(row)
        if refusal.chosen.shadow is not None and refusal.places is None:
            self._follow(refusal.chosen.shadow, refusal.question, row.request_id)
