"""A loop reads all that came, then works on all of it: what comes meanwhile waits in the kernel. A simulated clock."""

import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest

from serving.http.admission import Admission
from serving.http.turn import Turn

CONNECTIONS, EVERY = 400, 8
READ, ANSWER, REFUSAL = 0.00005, 0.0001, 0.00004  # seconds
SECONDS, WARM = 8.0, 4.0
Commit = Literal["none", "loop", "thread"]


@dataclass
class Loop:
    """Callbacks in order, as asyncio and uvloop run them; `commit` is that of the journal: who does it, and how long.

    As of tests.serving.steady_load, one in eight comes on a connection of its own; the others only while one of those
    that are kept is free.
    """

    work: float
    commit: tuple[Commit, float]
    aside: int = 0
    """Requests that a thread works on all the time, besides."""
    now: float = 0.0
    refused: int = 0
    sent: int = 0
    took: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admission = Admission(clock=lambda: self.now)
        self.admission.aside = self.aside
        for _ in range(self.aside):
            self.admission.entered()
        self.ready: deque[Callable[[], None]] = deque()
        self.free = CONNECTIONS
        self.group: list[tuple[float, Turn]] = []
        self.committing: tuple[float, list[tuple[float, Turn]]] | None = None

    def serve(self, load: float) -> "Loop":
        """Let so many times as many requests come as could be answered."""
        chance, rate, due = random.Random(1), load / (self.work + READ + ANSWER), 0.0
        while due < math.inf or self.ready or self.committing:
            while due <= self.now:
                self.sent += 1
                if self.free > 0 or self.sent % EVERY == 0:
                    self.free -= 1
                    self.ready.append(lambda: self.read(self.now))
                due = due + chance.expovariate(rate) if due < SECONDS else math.inf
            self.end_commit()
            if not self.ready:
                self.now = max(self.now, min([due, self.committing[0]] if self.committing else [due]))
                continue
            for _ in range(len(self.ready)):
                self.ready.popleft()()
                self.end_commit()
        return self

    def serve_bursts(self, size: int, pause: float) -> "Loop":
        """Let so many come at once, and again a while after all are answered."""
        for _ in range(10):
            self.ready.extend([lambda: self.read(self.now)] * size)
            while self.ready:
                self.ready.popleft()()
            self.now += pause
        return self

    def read(self, came: float) -> None:
        self.now += READ
        if self.admission.waiting >= self.admission.few and self.admission.is_over(CONNECTIONS):
            self.now += REFUSAL
            self.admission.refused(READ + REFUSAL)
            self.refused += 1
            self.free += 1
            return
        turn = Turn(self.admission)
        self.ready.append(lambda: self.do(came, turn))

    def do(self, came: float, turn: Turn) -> None:
        self.now += self.work
        if self.commit[0] == "none":
            self.answer(came, turn)
            return
        if self.commit[0] == "thread":
            turn.commits()
        elif not self.group:
            self.ready.append(self.write)
        self.group.append((came, turn))
        self.begin_commit()

    def write(self) -> None:
        self.now += self.commit[1]
        self.resolve(self.group)
        self.group = []

    def begin_commit(self) -> None:
        if self.commit[0] == "thread" and self.committing is None and self.group:
            self.committing, self.group = (self.now + self.commit[1], self.group), []

    def end_commit(self) -> None:
        if self.committing is not None and self.committing[0] <= self.now:
            group, self.committing = self.committing[1], None
            self.ready.append(lambda: self.resolve(group))
            self.begin_commit()

    def resolve(self, group: list[tuple[float, Turn]]) -> None:
        for came, turn in group:
            self.ready.append(lambda came=came, turn=turn: self.answer(came, turn))  # type: ignore[misc]

    def answer(self, came: float, turn: Turn) -> None:
        self.now += ANSWER
        turn.end()
        self.free += 1
        if came > WARM:
            self.took.append(self.now - came)

    @property
    def p99(self) -> float:
        return sorted(self.took)[int(0.99 * len(self.took))]


@pytest.mark.parametrize("aside", [0, 1])
@pytest.mark.parametrize(
    ("work", "commit"),
    [
        (0.001, ("none", 0.0)),
        (0.001, ("loop", 0.0002)),
        (0.005, ("none", 0.0)),
        (0.005, ("loop", 0.0002)),
        (0.005, ("thread", 0.005)),
        (0.005, ("thread", 0.04)),
    ],
)
def test_at_three_times_what_can_be_answered_it_answers_soon_and_refuses_the_rest(
    work: float, commit: tuple[Commit, float], aside: int
) -> None:
    usual, found = Loop(work, commit, aside).serve(0.7), Loop(work, commit, aside).serve(3.0)
    assert usual.refused == 0 and (found.admission.waiting, found.admission.elsewhere) == (aside, 0)
    assert found.p99 <= 2 * usual.p99
    assert len(found.took) > 0.6 * (SECONDS - WARM) / (work + READ + ANSWER)


@pytest.mark.parametrize(("size", "work", "pause"), [(200, 0.001, 0.45), (200, 0.001, 0.1), (600, 0.0003, 0.3)])
def test_bursts_with_time_between_them_are_no_queue_that_lasts(size: int, work: float, pause: float) -> None:
    assert Loop(work, ("none", 0.0)).serve_bursts(size, pause).refused == 0
