"""Which requests are taken: a burst, and no queue that lasts."""

from dataclasses import dataclass

from serving.http.admission import FEW, Admission

MANY = 200  # connections


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


def test_a_burst_may_wait_and_a_queue_that_lasts_may_not() -> None:
    clock = Clock()
    one = Admission(0.5, 10.0, clock)
    worked(clock, one, 400, 0.001)
    one.waiting = 100  # a tenth of a second of work
    assert not one.is_over(MANY), "requests have waited for less than half a second"
    worked(clock, one, 600, 0.001)
    assert one.is_over(MANY) and not one.is_over(64)
    one.waiting = 18
    assert not one.is_over(MANY), "18 are answered in 20 ms"
    one.waiting = 1
    one.left()
    clock.now += 0.4
    one.waiting = 400
    assert one.is_over(MANY), "one was refused half a second ago"
    one.waiting = 1
    clock.now += 0.6
    one.left()
    one.waiting = 400
    assert not one.is_over(MANY), "nothing waited a moment ago"
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
    clock.now += 0.6
    assert one.is_over(MANY), "it has waited for longer than half a second"


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


def burst(clock: Clock, admission: Admission) -> int:
    """Return how many requests of a burst are taken."""
    taken = 0
    for _ in range(MANY):
        if not admission.is_over(MANY):
            admission.entered()
            taken += 1
    return taken


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
    one.waiting = 20
    worked(clock, one, 60, 0.01)
    assert one.is_over(MANY) and one.few == 2
    one.waiting = 4
    assert one.is_over(MANY), "three are answered in 20 ms"
    one.waiting = 2
    assert not one.is_over(MANY)
    clock.now += 0.6
    one.waiting = FEW - 1
    assert not one.is_over(MANY) and one.few == FEW, "none was refused for half a second"
