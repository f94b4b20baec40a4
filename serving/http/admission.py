"""Which requests are taken: no more than are answered in time, so that those that are taken are answered soon."""

import time
from collections.abc import Callable
from math import sqrt

FEW, _FEWEST = 8, 2
"""Requests that may wait, however long that takes; the fewer, while more come than can be answered."""
_CLIENTS = 64  # who cannot make each other wait for long: each waits for its own answer
_STEADY, _STRICT = 10, 100  # how much shorter than a burst's a lasting queue may be, and one while too many come
_SURELY = 6.0  # standard deviations of what comes at random, one by one, by which more came than were answered
_LASTS = 1.5  # how much longer than a burst may wait a queue is long that lasts; of the first third nothing is counted
_CALLS = 4.0  # calls for one row alone take about as long as one for many that runs, and the next one
_MEASURED = 1.0  # seconds of work, after which what was measured counts half
_AT_ONCE = 8  # an answer that took so much less time than others came together with the one before
_OF_DEADLINE = 0.8  # of it may pass before one's turn, so that who is taken is answered in time
_TRIED = 1 / 300  # of the time may be spent on trying whether those who come are few
_COUNTED = 30  # answers that take so long tell whether more come than can be answered
_UNSEEN = 1.5  # what a refusal takes, by what is seen of it: the kernel and the event loop have their part

LATE = "drivetrain.late"
"""The mark of a request that is not to be taken."""


class Admission:
    """How many requests wait for their answer, and how long that will take, by what it took those before.

    A request waits from when it is whole; what waits in the kernel's buffers meanwhile is bounded with it. A burst may
    wait for `longest` seconds. A queue that stays long, while surely more come than are answered, is none, and would
    only make everybody wait. (The least wait of an interval says whether a queue stays long, as in CoDel, RFC 8289;
    that more come is sure where it is more than chance brings: arrivals at random vary by the root of their number.)
    Then as many wait as are answered in a 100th of it, until no more come than could be answered. Who is refused may
    ask again at once, and so often that refusing takes all the time: as much work may wait besides as refusing others
    took, so that half of the time is left for answers.

    The time between two answers, less that of refusals, is that of the work where requests queue for it. Where few
    wait, each for itself, it is their clients' pace, and says nothing of how many could be answered: it is left out.
    Where one call answers several, it says how many wait rather than how long: who waits for about two calls is in no
    queue, however long these take. What waits for somebody else, `elsewhere`, is in no queue of ours: for a lookup's
    source, for a client that reads, or for a commit that takes its time however many are in it.

    Args:
        longest: Seconds that a request may wait for its turn.
        deadline: Seconds after which nobody waits any more.
    """

    def __init__(
        self, longest: float = 0.5, deadline: float = 10.0, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.waiting = 0
        """Requests that wait for their turn, or have it."""
        self.elsewhere = 0
        """Those that wait for somebody else."""
        self.few = FEW
        """How many may wait however long that takes: fewer while more come than can be answered."""
        self.aside = 0
        """Requests that a thread works on, while the event loop does else."""
        self.call = 0.0
        """Seconds of a call of that thread's for one row, where it answers several requests at once."""
        self._longest, self._deadline, self._clock = longest, deadline, clock
        self._worked, self._answers = 0.0, 1.0  # seconds in which requests queued, and how many were answered in them
        self._refusing = 0.0  # seconds that were spent on refusals since something was answered
        self._behind = 0  # requests that a queue has left, which are mostly answered with it
        self._last = clock()  # when the last was answered, or a queue began
        self._ended = self._last  # when the event loop ended work on the last one
        self._is_reading = False  # requests are read, and not worked on
        self._began = self._last  # when the first was read of those that are read or worked on now
        self._turned_away = 0.0  # seconds that were spent on refusals since then
        self._turn = 0.0  # seconds of work on all that were read together before
        self._since = self._last  # when the queue was short last, or counting began, or too many were known to come
        self._came, self._left = 0, 0  # how many came since then, and were answered
        self._counts = False  # the queue is long for long enough that what came before it is over
        self._refused = self._last  # when the last was
        self._tried, self._trial = self._last, 0  # when a trial of few clients was; how many may wait in that of now

    def entered(self) -> None:
        """Note that a request is whole."""
        now = self._clock()
        if not (self._is_reading and self.waiting):
            if self.few == FEW and not self.waiting and not self._is_quick(now - self._ended):
                # Nothing of before says that a queue lasts; but time in which nobody came does not excuse for long.
                self._begin(now - self._longest)
            self._begin_turn(now)
        self.waiting += 1
        self._came += 1
        if self.few == _FEWEST:
            if self.waiting == 1:  # who waits behind it waits for all of its work
                self._last = now
            if now - self._refused > self._known:
                self.few = FEW
                self._begin(now)
        elif self.waiting == self.few == FEW:  # so few may each wait for itself, and their time is not that of work
            self._last = now

    def left(self, *, is_aside: bool = False) -> None:
        """Note that a request is answered; `is_aside`: a thread worked on it, while the event loop was free."""
        self._work_ended(is_aside=is_aside)

    def gone(self, *, is_refused: bool) -> None:
        """Note that one waits no more, which took no work: it is refused after all, or its client left."""
        self.waiting -= 1
        self._left += not is_refused

    def commits(self, *, is_aside: bool = False) -> None:
        """Note that the work of a request is done, by a thread or not, and that it waits for its commit alone.

        Those that were worked on together come back together, when others wait: what their work took is seen now.
        """
        self._work_ended(is_aside=is_aside)
        self.elsewhere += 1

    def committed(self) -> None:
        """Note that one is answered that waited for its commit, or its client gone."""
        self.elsewhere -= 1

    def _work_ended(self, *, is_aside: bool) -> None:
        now = self._clock()
        if not is_aside:
            self._is_reading, self._ended = False, now
        if self.waiting >= self.few:
            self._behind = self.few
            self._measure(now - self._last)
        elif self._behind:  # many are answered at once: not only the first ones count
            self._behind -= 1
            if (now - self._last) * self._answers < self._worked:
                self._measure(now - self._last)
        self.waiting -= 1
        self._last = now
        self._refusing = 0.0
        self._left += 1
        is_short = self.waiting < FEW and (is_aside or self._is_quick(now - self._began - self._turned_away))
        if is_short and self.few == FEW:
            self._begin(now)

    def refused(self, seconds: float) -> None:
        """Note that it took so long to refuse a request: no time in which others were answered, but by a thread."""
        if not self.aside:
            self._last += seconds
            self._turned_away += seconds
            self._refusing += _UNSEEN * seconds

    def went_elsewhere(self) -> None:
        """Note that a request waits for somebody else."""
        self.waiting -= 1
        self.elsewhere += 1

    def came_back(self) -> None:
        """Note that one waits for us again."""
        self.elsewhere -= 1
        self._came -= 1  # it is known already
        self.entered()

    def is_over(self, clients: int) -> bool:
        """Say whether one more would wait for too long.

        Args:
            clients: How many have asked lately, each on a connection of its own: few may wait for each other.
        """
        now = self._clock()
        if not self._is_reading:
            self._begin_turn(now)
        if self.few == _FEWEST and not self._is_too_much(now):
            self.few = FEW
            self._begin(now)
        if self.waiting < self.few:
            return False
        expected = self.waiting * self._each
        if max(clients, self.waiting) <= _CLIENTS and (self.few == FEW or self._tries(clients, now)):
            return expected > _OF_DEADLINE * self._deadline
        is_over = self._is_long(expected, now)
        if is_over:
            self._came += 1
            self._refused = now
            if self._trial:
                self._trial, self._tried = 0, now
        return is_over

    def _tries(self, clients: int, now: float) -> bool:
        """Say whether so few clients may wait for each other although more came than could be answered.

        While most are refused, few are connected at a time, whoever they are. Those that bound themselves are no more
        once all are taken; of others those wait long that are taken. So it is tried, so seldom that these are few.
        """
        if not self._trial and clients * self._each < _TRIED * (now - self._tried):
            self._trial = clients
        return self.waiting < self._trial

    @property
    def _each(self) -> float:
        return self._worked / self._answers

    @property
    def _known(self) -> float:
        """Seconds in which it is seen whether more come than can be answered."""
        return max(self._longest, _COUNTED * self._each)

    def _is_long(self, expected: float, now: float) -> bool:
        """Say whether a queue of so many seconds is as long as it may be now."""
        is_strict = self.few == _FEWEST
        short = self._longest / (_STRICT if is_strict else _STEADY)
        if self.aside:
            short = max(short, min(_CALLS * self.call, self._deadline / 2))
        if expected <= short + self._refusing:
            if not is_strict and self._is_quick(self._turn):
                self._begin(now)
            return False
        if not is_strict and self._lasts(now):
            self.few, self._trial, self._tried = _FEWEST, 0, now
            self._begin(now)
            return True
        return is_strict or expected > self._longest

    def _begin_turn(self, now: float) -> None:
        """Note that the first one is read after others were worked on."""
        if not self._is_reading:
            self._turn = self._ended - self._began - self._turned_away
        self._is_reading, self._began, self._turned_away = True, now, 0.0

    def _is_quick(self, seconds: float) -> bool:
        """Say whether that is short for a wait."""
        return seconds <= self._longest / _STEADY

    def _begin(self, now: float) -> None:
        """Count anew."""
        self._since, self._came, self._left, self._counts = now, 0, 0, False

    def _lasts(self, now: float) -> bool:
        """Say whether a queue is long for long, while surely more come than are answered."""
        third = _LASTS / 3 * self._longest
        if not self._counts:
            if now - self._since >= third:
                self._came, self._left, self._counts, self._since = 0, 0, True, now
            return False
        return now - self._since >= 2 * third and self._came - self._left > _SURELY * sqrt(self._came)

    def _is_too_much(self, now: float) -> bool:
        """Say whether more came than could be answered, as far as that is known again."""
        if now - self._refused > self._known:
            return False
        seconds, came = now - self._since, self._came
        if seconds < self._known:
            return True
        self._came, self._since = 0, now
        return came * self._each > seconds

    def _measure(self, seconds: float) -> None:
        seconds = max(seconds, 0.0)
        if self._worked >= _MEASURED and _AT_ONCE * seconds * self._answers > self._worked:
            self._worked, self._answers = self._worked / 2, self._answers / 2
        self._worked += seconds
        self._answers += 1
