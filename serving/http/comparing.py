"""What was refused while versions are compared: behind the answer the other version reads it, and says if it would."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from schemas.deploy_spec import DeploySpec
from serving.http.deadline import going_on
from serving.http.metric_table import COMPARISONS_DROPPED
from serving.http.question import Question
from serving.http.routing import Chosen
from serving.http.unanswered import Untold, is_no_difference, may_be_shared, refused_alone
from serving.journal.insertion import Unanswered
from serving.journal.writer import Journal
from serving.lookups.lookup import uncounted
from serving.releases.loaded_version import Version

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_MOST = 64  # requests of one kind that wait, or are read
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


class _Room:
    """Requests of one kind that wait for the other version, and the one that it reads."""

    def __init__(self) -> None:
        self.count = self._bytes = 0
        self._queue: deque[tuple[Version, Refusal]] = deque()

    def add(self, other: Version, refusal: Refusal) -> bool:
        """Let a request wait, and say whether there was room for it."""
        size = refusal.question.size
        if self.count >= _MOST or (self.count and self._bytes + size > _MOST_BYTES):
            return False
        self.count, self._bytes = self.count + 1, self._bytes + size
        self._queue.append((other, refusal))
        return True

    @property
    def waits(self) -> bool:
        """Whether any is not read yet."""
        return bool(self._queue)

    def next(self) -> tuple[Version, Refusal]:
        """Return the first one that waits, which keeps its room until it `left`."""
        return self._queue.popleft()

    def left(self, refusal: Refusal) -> None:
        """Note that a request was read."""
        self.count, self._bytes = self.count - 1, self._bytes - refusal.question.size


class _Read(NamedTuple):
    """A request that the other version has read; `is_told`: whether that says anything."""

    room: _Room
    refusal: Refusal
    row: Unanswered | None
    is_told: bool = True


class Comparing:
    """Journals what got no prediction where versions are compared, less what both of them refuse; nobody waits for it.

    Requests are read by the other version in one thread, one after another; those of which some rows were predicted
    have a room of their own, and take turns with the others: what is refused as a whole costs a client less to send.
    What comes too fast for that, or whose turn comes after its deadline, is left out and counted, whichever version was
    asked. A request that is in the journal with some of its rows is no evidence until what came of this is there, too.

    Args:
        model: The model's name.
        spec: The service's.
        journal: Where evidence goes.
        follow: Lets a shadow predict what was not answered.
    """

    def __init__(self, model: str, spec: DeploySpec, journal: Journal, follow: Follow) -> None:
        self._model, self._spec, self._journal, self._follow = model, spec, journal, follow
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="compare")
        self._in_part, self._whole = _Room(), _Room()
        self._rooms = [self._in_part, self._whole]  # that whose turn it is first
        self._tasks: set[asyncio.Task[None]] = set()
        self._dropped: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many requests wait for the other version."""
        return self._in_part.count + self._whole.count

    def failed(self, refusal: Refusal, error: BaseException) -> None:
        """Note a request that ended with an error; returns at once.

        A shadow is asked by itself: what both refuse is seen in the answers of both, and its queue leaves out what is
        too much whichever of them refuses it.
        """
        chosen = refusal.chosen
        if chosen.compared is None or is_no_difference(error, chosen.version, chosen.compared):
            return
        if chosen.other is not None and may_be_shared(error):
            self._later(self._whole, chosen.other, refusal)
        else:
            self._journal.note(refusal.row)
        if chosen.shadow is not None:
            self._follow(chosen.shadow, refusal.question, refusal.row.request_id)

    def refused_rows(self, refusal: Refusal) -> None:
        """Note a request of which some rows were refused; returns at once. What a shadow refuses, its answers show."""
        if refusal.chosen.other is not None:
            self._later(self._in_part, refusal.chosen.other, refusal)

    def metrics(self) -> "Iterator[Metric]":
        """Yield what was left out."""
        dropped = sorted(self._dropped.items())
        yield COMPARISONS_DROPPED.of([({"model": self._model, "version": one}, count) for one, count in dropped])

    def _later(self, room: _Room, other: Version, refusal: Refusal) -> None:
        if not room.add(other, refusal):
            self._dropped[refusal.row.version] += 1
            return
        task = asyncio.get_running_loop().create_task(self._compare())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _compare(self) -> None:
        """Let the thread read one more of those that wait, whichever has its turn then."""
        read = await asyncio.get_running_loop().run_in_executor(self._threads, self._read_next)
        read.room.left(read.refusal)
        if not read.is_told:
            self._dropped[read.refusal.row.version] += 1
        elif read.row is not None:
            self._journal.note(read.row)

    def _read_next(self) -> _Read:
        room = self._rooms[0] if self._rooms[0].waits else self._rooms[1]
        other, refusal = room.next()
        self._rooms.sort(key=lambda one: one is room)  # the other one's turn is next
        try:
            return _Read(room, refusal, self._compared(other, refusal))
        except Untold:
            return _Read(room, refusal, None, is_told=False)

    def _compared(self, other: Version, refusal: Refusal) -> Unanswered | None:
        """Return what is to be noted. Raises Untold where it is too late to begin, or to go on."""
        if time.perf_counter() > refusal.started + self._spec.deadline:
            raise Untold
        go_on = going_on(self._spec.deadline + self._spec.lookup_seconds, refusal.started)
        with uncounted():
            return refused_alone(refusal.row, refusal.places, other, refusal.question, self._spec, go_on)
