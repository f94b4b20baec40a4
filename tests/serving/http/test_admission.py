"""Which requests are taken: a burst, and no queue that lasts."""

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from serving.http.admission import FEW, Admission
from serving.http.turn import Turn

MANY = 200  # connections
REFUSAL = 0.00004  # seconds


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def worked(clock: Clock, admission: Admission, answers: int, each: float) -> None:
    """Let so many requests come and be answered, one after another, while the next wait."""
    while admission.waiting < FEW:
        admission.entered()
    for _ in range(answers):
        clock.now += each
        admission.entered()
        admission.left()


def flooded(clock: Clock, admission: Admission, answers: int, each: float) -> None:
    """Answer so many requests, one after another, while three times as many come."""
    for _ in range(answers):
        for _ in range(3):
            if admission.waiting < admission.few or not admission.is_over(MANY):
                admission.entered()
        clock.now += each
        admission.left()


def test_a_burst_may_wait_and_a_queue_that_lasts_while_too_many_come_may_not() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    one.waiting = 100  # a tenth of a second of work
    assert not one.is_over(MANY), "requests have waited for less than half a second"
    worked(clock, one, 1_200, 0.001)
    assert not one.is_over(MANY), "no more came than were answered"
    flooded(clock, one, 600, 0.001)
    one.waiting = 6
    assert one.is_over(MANY)
    one.waiting = 4
    assert not one.is_over(MANY), "four are answered in a hundredth of half a second"
    one.waiting = 1
    one.left()
    clock.now += 0.4
    one.waiting = 400
    assert one.is_over(MANY), "that more come than can be answered is known for half a second"
    one.waiting = 1
    clock.now += 0.6
    one.left()
    one.waiting = 400
    assert not one.is_over(MANY), "none was refused since"
    one.waiting = 600
    assert one.is_over(MANY)


def test_few_requests_always_wait_and_few_clients_up_to_the_deadline() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 2.0)
    one.waiting = FEW - 1
    assert not one.is_over(MANY)
    one.waiting = FEW
    assert one.is_over(MANY) and one.is_over(3), "the last would wait for 16 seconds"
    one.waiting = 0
    worked(clock, one, 4_000, 0.1)
    one.waiting = 50
    assert one.is_over(MANY) and not one.is_over(50), "the last of 50 waits for five seconds, as it would anyhow"
    one.waiting = 65
    assert one.is_over(50), "65 that wait are as many clients"


def test_time_in_which_nothing_waits_does_not_count() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    for _ in range(200):
        clock.now += 60
        one.entered()
        clock.now += 0.001
        one.left()
    one.waiting = 50
    clock.now += 5
    assert not one.is_over(MANY)


def test_a_burst_after_quiet_time_is_a_burst() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    one.waiting = 1
    one.left()
    clock.now += 60
    for _ in range(100):
        one.entered()
    assert not one.is_over(MANY), "a tenth of a second of work that came just now"
    flooded(clock, one, 200, 0.001)
    assert one.few == FEW, "a fifth of a second of too many"
    flooded(clock, one, 400, 0.001)
    assert one.few == 2, "an hour in which nobody came does not excuse them"


def test_what_waits_alone_for_long_says_nothing_of_a_queue() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    for _ in range(FEW):
        one.left()
    for call in (0.0, 0.05):
        one.call = call
        for _ in range(1_000):  # by a thread, or a database
            one.entered()
            clock.now += 1.0
            one.went_elsewhere()
            clock.now += 1.0
            one.came_back()
            clock.now += 1.0
            one.left()
        assert burst(clock, one) == MANY
        for _ in range(MANY):
            one.left()


def test_who_comes_back_has_come_once() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    one.waiting = 100
    for _ in range(5_000):  # as many come as are answered, and each waits for a commit besides
        one.entered()
        one.went_elsewhere()
        clock.now += 0.001
        one.came_back()
        one.left()
        one.is_over(MANY)
    assert one.few == FEW


def test_a_queue_that_is_short_now_and_then_is_no_lasting_one() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    assert not one.is_over(MANY), "so few are answered in 8 ms"
    for _ in range(10):
        one.waiting = 60
        worked(clock, one, 400, 0.001)
        assert not one.is_over(MANY)
        one.waiting = 15
        worked(clock, one, 20, 0.001)
        assert not one.is_over(MANY), "so many are answered in 20 ms"


def test_a_burst_behind_a_short_queue_is_a_burst() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    one.waiting = 20
    for _ in range(2_000):
        worked(clock, one, 1, 0.001)
        assert not one.is_over(MANY)
    assert burst(clock, one) == MANY and one.few == FEW


def burst(clock: Clock, admission: Admission) -> int:
    """Return how many requests of a burst are taken."""
    taken = 0
    for _ in range(MANY):
        if not admission.is_over(MANY):
            admission.entered()
            taken += 1
    return taken


def test_two_clients_that_overlap_end_a_strict_limit_too() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    flooded(clock, one, 900, 0.001)
    assert one.few == 2
    while one.waiting > 2:
        one.left()
    for _ in range(4):
        clock.now += 0.2
        one.left()
        one.entered()
    assert one.few == FEW


def test_slow_requests_that_overlap_are_not_taken_for_work() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    for _ in range(FEW):
        one.left()
    one.entered()
    for _ in range(50):  # two that take a second each, in turns, and some quick ones
        for _ in range(4):
            clock.now += 0.25
            one.entered()
            clock.now += 0.001
            one.left()
        one.entered()
        one.left()
    one.left()
    assert burst(clock, one) == MANY


def test_requests_that_wait_for_somebody_else_are_in_no_queue() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    for _ in range(FEW):
        one.left()
    for _ in range(30):
        one.entered()
        one.went_elsewhere()
    for _ in range(200):  # each of the 30 takes three seconds
        clock.now += 0.1
        one.came_back()
        one.left()
        one.entered()
        one.went_elsewhere()
    assert (one.waiting, one.elsewhere) == (0, 30) and burst(clock, one) == MANY


def test_many_that_are_answered_at_once_took_the_time_since_they_came() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    for _ in range(100):
        for _ in range(20):
            one.entered()
        clock.now += 0.1
        for _ in range(20):
            one.left()
    for _ in range(100):  # 5 ms each: half a second
        assert not one.is_over(MANY)
        one.entered()
    one.waiting = 120
    assert one.is_over(MANY)


def test_while_more_come_than_can_be_answered_fewer_wait_than_otherwise_always_may() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.01)
    flooded(clock, one, 120, 0.01)
    assert one.few == 2
    one.waiting = 2
    assert one.is_over(MANY), "the first of them takes longer than 5 ms"
    one.waiting = 1
    assert not one.is_over(MANY)
    clock.now += 0.6
    one.waiting = FEW - 1
    assert not one.is_over(3) and one.few == FEW, "none was refused for half a second"


def test_refusing_takes_no_more_time_than_answering() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    flooded(clock, one, 900, 0.001)
    assert one.few == 2
    one.waiting = 20
    assert one.is_over(MANY), "20 ms of work"
    for _ in range(100):
        clock.now += 0.0001
        one.refused(0.0001)
    assert not one.is_over(MANY), "the kernel's part with it, refusals took 20 ms"
    one.waiting = 40
    assert one.is_over(MANY), "40 ms of work"
    clock.now += 0.001
    one.left()
    one.waiting = 20
    assert one.is_over(MANY), "the time of refusals was not taken for that of an answer"


@dataclass
class Queue:
    """Requests at random times before a thread that takes one at a time, or `most` in a call of `call` and `each`."""

    call: float
    each: float
    most: int = 1
    stands: tuple[float, float] = (math.inf, 0.0)
    """When an answer begins that takes longer, and by how much."""
    commit: float = 0.0
    """Seconds for which what is answered waits for its commit."""

    def serve(self, load: Callable[[float], float], seconds: float) -> "Queue":
        """Let them come, `load` times as many a second as could be answered."""
        self.clock, chance = Clock(), random.Random(1)
        self.committing = list[tuple[float, int]]()
        self.admission = Admission(clock=self.clock)
        if self.most > 1:
            self.admission.call = self.call + self.each
        self.refused, self.took = Counter[int](), dict[int, list[float]]()
        at, self.free, self.under_way, self.queued = 0.0, 0.0, list[float](), list[float]()
        while at < seconds:
            at += chance.expovariate(load(at) * self.most / (self.call + self.each * self.most))
            while self.under_way and self.free <= at:
                self._answer()
            self._committed(at)
            self.clock.now = at
            self.admission.aside = len(self.under_way) if self.most > 1 else 0
            if self.admission.waiting >= self.admission.few and self.admission.is_over(MANY):
                self.refused[int(at)] += 1
                self.admission.refused(REFUSAL)
                continue
            self.admission.entered()
            self.queued.append(at)
            if not self.under_way:
                self._begin()
        return self

    def _answer(self) -> None:
        self._committed(self.free)
        self.clock.now = self.free
        for came in self.under_way:
            if self.commit:
                self.admission.commits()
            else:
                self.admission.left()
            self.took.setdefault(int(came), []).append(self.free - came)
        if self.commit:
            self.committing.append((self.free + self.commit, len(self.under_way)))
        self.under_way = []
        if self.queued:
            self._begin()

    def _committed(self, until: float) -> None:
        while self.committing and self.committing[0][0] <= until:
            self.clock.now, number = self.committing.pop(0)
            for _ in range(number):
                self.admission.committed()

    def _begin(self) -> None:
        self.under_way, self.queued = self.queued[: self.most], self.queued[self.most :]
        self.free = self.clock.now + self.call + self.each * len(self.under_way)
        since, longer = self.stands
        if self.clock.now >= since:
            self.free += longer
            self.stands = math.inf, 0.0

    def share_refused(self, start: int, stop: int) -> float:
        """Return which share was refused of what came in these seconds."""
        refused = sum(self.refused[second] for second in range(start, stop))
        return refused / (refused + sum(len(self.took.get(second, [])) for second in range(start, stop)))

    def p99(self, start: int, stop: int) -> float:
        """Return how long 99 of 100 waited at most that came in these seconds."""
        took = sorted(one for second in range(start, stop) for one in self.took[second])
        return took[int(0.99 * len(took))]


QUEUES = [Queue(0.0, 0.004), Queue(0.0, 0.02), Queue(0.005, 0.0001, 64), Queue(0.02, 0.0002, 64)]


@pytest.mark.parametrize("queue", QUEUES, ids=["quick", "slow", "quick calls", "slow calls"])
def test_at_three_times_what_can_be_answered_waits_are_short_and_after_it_all_are_taken_again(queue: Queue) -> None:
    found = queue.serve(lambda at: 3.0 if 2.0 < at < 6.0 else 0.7, 11.0)
    assert found.share_refused(0, 2) == 0 and found.share_refused(7, 10) == 0
    assert found.p99(4, 5) <= 2 * found.p99(7, 10)
    assert found.share_refused(4, 6) < 0.72, "two of three are too many"


@pytest.mark.parametrize(("each", "load"), [(0.001, 0.95), (0.01, 0.9), (0.02, 0.85)])
def test_nobody_is_refused_where_fewer_come_than_can_be_answered(each: float, load: float) -> None:
    found = Queue(0.0, each).serve(lambda _: load, 300 * each + 20)
    assert found.share_refused(0, int(300 * each + 20)) == 0


@pytest.mark.parametrize("commit", [0.0, 0.005])
def test_long_calls_that_answer_many_refuse_few_below_what_can_be_answered(commit: float) -> None:
    found = Queue(0.2, 0.0001, 64, commit=commit).serve(lambda _: 0.7, 12.0)
    assert found.share_refused(4, 11) == 0 and found.share_refused(0, 4) < 0.1


@pytest.mark.parametrize("each", [0.001, 0.004])
def test_few_who_wait_behind_one_slow_answer_are_refused_for_it(each: float) -> None:
    found = Queue(0.0, each, stands=(4.0, 0.35)).serve(lambda _: 0.7, 8.0)
    assert found.share_refused(0, 8) < 0.013 and found.share_refused(5, 8) == 0
    longer = Queue(0.0, each, stands=(4.0, 2.0)).serve(lambda _: 0.7, 12.0)
    assert longer.share_refused(0, 4) == longer.share_refused(8, 12) == 0 < longer.share_refused(4, 6)


@pytest.mark.parametrize(("each", "known"), [(0.0002, 4), (0.001, 4), (0.02, 7)])
def test_that_half_more_come_than_can_be_answered_is_known_in_seconds(each: float, known: int) -> None:
    found = Queue(0.0, each).serve(lambda at: 1.5 if at > 2 else 0.5, known + 6)
    assert found.p99(known, known + 5) < max(0.007, 3 * each)


def test_calls_that_are_made_no_more_bound_nothing() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    one.call, one.aside = 0.05, 1
    worked(clock, one, 400, 0.001)
    one.waiting = 150
    assert not one.is_over(MANY), "four calls of a thread take longer"
    flooded(clock, one, 10, 0.001)
    one.aside = 0  # another version answers
    flooded(clock, one, 800, 0.001)
    one.waiting = 150
    assert one.is_over(MANY)


def test_a_request_counts_where_it_waits_and_once() -> None:
    one = Admission()
    turns = [Turn(one) for _ in range(3)]
    turns[0].went_elsewhere()
    turns[1].went_elsewhere()
    turns[1].came_back()
    assert (one.waiting, one.elsewhere) == (2, 1)
    turns[0].end()  # its client went away
    turns[0].came_back()
    turns[0].went_elsewhere()
    assert (one.waiting, one.elsewhere) == (2, 0)
    for call in (0.0, 0.01):  # a call of one request, or of several
        one.call = call
        turns.append(Turn(one))
        turns[-1].commits()
        turns[-1].went_elsewhere()
        turns[-1].commits()
        assert (one.waiting, one.elsewhere) == (2, 1)
        turns[-1].came_back()
        assert one.waiting + one.elsewhere == 3
        turns[-1].end()
        assert (one.waiting, one.elsewhere) == (2, 0)
    for turn in turns[1:]:
        turn.end()
        turn.end()
        turn.commits()
    assert (one.waiting, one.elsewhere) == (0, 0)


def test_a_client_that_leaves_takes_its_work_out_of_no_queue() -> None:
    one = Admission(0.5, 10.0, Clock())
    turn = Turn(one)
    turn.hold()
    turn.leave()
    assert one.waiting == 1, "a thread has it still"
    turn.let_go()
    turn.end()
    assert one.waiting == 0


def test_who_leaves_or_is_refused_after_all_says_nothing_of_how_long_work_takes() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    for _ in range(MANY):
        Turn(one).leave()
        refused = Turn(one)
        refused.refuse()
        refused.end()
    assert one.waiting == FEW and burst(clock, one) == MANY, "a millisecond each"
    one.waiting = 600
    assert one.is_over(MANY)


def test_what_is_explained_after_its_commit_waits_for_us_again() -> None:
    one = Admission(0.5, 10.0, Clock())
    turn = Turn(one)
    turn.enters_again()
    assert (one.waiting, one.elsewhere) == (1, 0)
    turn.commits()
    turn.came_back()
    assert (one.waiting, one.elsewhere) == (0, 1)
    turn.enters_again()
    assert (one.waiting, one.elsewhere) == (1, 0)
    turn.end()
    turn.enters_again()
    assert (one.waiting, one.elsewhere) == (0, 0)


def test_a_queue_that_a_turn_of_the_loop_empties_lasts_where_all_turns_are_long() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.002)
    one.waiting = 1
    one.left()
    for _ in range(5):  # four hundred come in each turn; the loop reads them all, then works on those that are taken
        for _ in range(2 * MANY):
            if not one.is_over(2 * MANY):
                one.entered()
        while one.waiting:
            clock.now += 0.002
            one.left()
    assert one.few == 2


@pytest.mark.parametrize("is_refused", [False, True])
def test_who_is_refused_after_all_is_too_much_and_who_leaves_is_not(is_refused: bool) -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    for _ in range(100):
        one.entered()
    for _ in range(2_000):
        worked(clock, one, 1, 0.001)
        turn = Turn(one)
        if is_refused:
            turn.refuse()
            turn.end()
        else:
            turn.leave()
        one.is_over(MANY)
    assert one.few == (2 if is_refused else FEW)


@pytest.mark.parametrize("each", [0.001, 0.002])
def test_what_was_refused_of_a_burst_says_nothing_of_the_next_one(each: float) -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, each)
    for many in (2_000, 2_000, MANY):
        while one.waiting:
            clock.now += each
            one.left()
        clock.now += 60.0
        taken = 0
        for _ in range(many):
            if one.waiting < one.few or not one.is_over(many):
                one.entered()
                taken += 1
    assert taken == MANY


def test_a_strict_limit_goes_on_while_too_many_come_also_where_a_thread_does_all_the_work() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.01)
    flooded(clock, one, 120, 0.01)
    assert one.few == 2
    while one.waiting:
        clock.now += 0.01
        one.left(is_aside=True)
    for _ in range(500):  # each is done before the next one comes that is taken
        for _ in range(3):
            if one.waiting < one.few or not one.is_over(MANY):
                one.entered()
        while one.waiting:
            clock.now += 0.01
            one.left(is_aside=True)
        assert one.few == 2
