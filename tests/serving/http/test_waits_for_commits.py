"""Requests whose commit takes long wait in no queue; those that more and more wait with do. On a simulated clock."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest

from serving.http.admission import Admission
from serving.journal.pace import Pace

CONNECTIONS = 100
GROUP = 256
WORK = 0.0003  # seconds of the event loop for a request
WARM = 2.0  # seconds before anything is counted
Step = Literal["came", "worked", "turned_away", "committed"]
Commit = Callable[[float, int], float]


@dataclass
class Service:
    """One event loop, then one commit at a time; `commit` gives its seconds from the time and the number in it."""

    commit: Commit
    now: float = 0.0
    refused: int = 0
    took: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admission, self.pace = Admission(clock=lambda: self.now), Pace(GROUP)
        self.events: list[tuple[float, int, Step, list[tuple[float, bool]]]] = []
        self.waiting: list[tuple[float, bool]] = []  # when it came, and whether it is elsewhere
        self.under_way: list[tuple[float, bool]] = []
        self.free, self.began, self.turn = 0.0, 0.0, 0

    def serve(self, rate: float, seconds: float) -> "Service":
        """Let requests come at random times."""
        chance, at = random.Random(1), 0.0
        while (at := at + chance.expovariate(rate)) < seconds:
            self.later(at, "came", [(at, False)])
        while self.events:
            self.now, _, step, group = heapq.heappop(self.events)
            getattr(self, step)(group)
        return self

    def later(self, at: float, step: Step, group: list[tuple[float, bool]]) -> None:
        self.turn += 1
        heapq.heappush(self.events, (at, self.turn, step, group))

    def came(self, group: list[tuple[float, bool]]) -> None:
        is_late = self.admission.waiting >= self.admission.few and self.admission.is_over(CONNECTIONS)
        if not is_late:
            self.admission.entered()
        self.free = max(self.free, self.now) + WORK * (0.1 if is_late else 1)
        self.later(self.free, "turned_away" if is_late else "worked", group)

    def turned_away(self, group: list[tuple[float, bool]]) -> None:
        self.refused += self.now > WARM

    def worked(self, group: list[tuple[float, bool]]) -> None:
        is_elsewhere = not self.pace.is_queue(len(self.waiting) + len(self.under_way))
        if is_elsewhere:
            self.admission.went_elsewhere()
        self.waiting.append((group[0][0], is_elsewhere))
        self.begin()

    def begin(self) -> None:
        if not self.under_way and self.waiting:
            self.under_way, self.waiting = self.waiting[:GROUP], self.waiting[GROUP:]
            self.began = self.now
            self.later(self.now + self.commit(self.now, len(self.under_way)), "committed", self.under_way)

    def committed(self, group: list[tuple[float, bool]]) -> None:
        self.pace.took(len(group), self.now - self.began)
        for came, is_elsewhere in group:
            if is_elsewhere:
                self.admission.came_back()
            self.admission.left()
            if came > WARM:
                self.took.append(self.now - came)
        self.under_way = []
        self.begin()

    @property
    def share_refused(self) -> float:
        return self.refused / (self.refused + len(self.took))

    @property
    def p99(self) -> float:
        return sorted(self.took)[int(0.99 * len(self.took))]


def fixed(seconds: float) -> Commit:
    """Return a commit that takes its time however many are in it."""
    return lambda _, count: seconds


def growing(seconds: float, each: float) -> Commit:
    """Return one that takes longer the more are in it."""
    return lambda _, count: seconds + each * count


@pytest.mark.parametrize(("rate", "seconds"), [(300, 0.04), (600, 0.04), (600, 0.1), (1_000, 0.02)])
def test_a_commit_that_takes_long_refuses_nobody(rate: float, seconds: float) -> None:
    served = Service(fixed(seconds)).serve(rate, 4.0)
    assert served.share_refused == 0 and served.p99 < 2 * seconds + 0.02


def test_commits_that_take_by_turns_long_and_short_refuse_hardly_anybody() -> None:
    assert Service(lambda at, _: 0.01 if at % 2 < 1 else 0.06).serve(600, 6.0).share_refused < 0.05


def test_some_commits_that_are_quick_refuse_nobody() -> None:
    chance = random.Random(2)
    assert Service(lambda *_: 0.1 if chance.random() < 0.95 else 0.005).serve(1_500, 4.0).share_refused == 0


@pytest.mark.parametrize("commit", [fixed(0.04), fixed(0.1), growing(0.005, 0.002), growing(0.04, 0.002)])
def test_at_three_times_what_can_be_answered_who_is_answered_waits_at_most_twice_as_long(commit: Commit) -> None:
    capacity = min(1 / WORK, GROUP / commit(0.0, GROUP))
    usual, found = (Service(commit).serve(load * capacity, 4.0) for load in (0.7, 3.0))
    assert usual.share_refused == 0 and found.p99 <= 2 * usual.p99
    assert len(found.took) > 0.65 * capacity * 2.0


def test_many_wait_in_a_queue_where_more_of_them_make_a_commit_longer_or_have_no_room_in_the_next() -> None:
    pace = Pace(GROUP)
    assert not pace.is_queue(0) and pace.is_queue(2 * GROUP)
    pace.took(0, 0.0)  # nothing was written
    pace.took(1, 0.04)
    pace.took(200, 0.05)
    assert not pace.is_queue(400)
    for _ in range(20):
        pace.took(100, 0.24)
    assert pace.is_queue(200) and not pace.is_queue(80), "80 make a commit longer by 0.16 s, not five times 0.04"
    for _ in range(20):
        pace.took(8, 0.24)  # the disk has become slow
    assert not pace.is_queue(200)


def test_one_commit_that_took_long_does_not_make_a_queue_of_none() -> None:
    pace = Pace(GROUP)
    for count, seconds in [(2, 0.004)] * 50 + [(1, 2.0)] + [(60, 0.3)] * 50:
        pace.took(count, seconds)
    assert pace.is_queue(150)


def test_a_first_commit_that_took_long_does_not_either() -> None:
    pace, chance = Pace(GROUP), random.Random(1)
    pace.took(1, 4.0)
    for count in [*(chance.randint(9, 120) for _ in range(500)), 60, 60]:
        pace.took(count, 0.002 + 0.005 * count)
    assert pace.is_queue(150)
