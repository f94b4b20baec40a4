"""Three times what can be answered, simulated with the connections that its clients have: kept ones, and new ones."""

import pytest

from serving.http.admission import Admission
from serving.http.clients import Clients

EACH = 0.012  # seconds of work for one request
RATE = 3 / EACH
EVERY = 8  # one in so many comes on a connection of its own
SECONDS = 120


class Simulated:
    """A worker that answers one request after another; refusals take no time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.admission = Admission(0.5, 10.0, lambda: self.now)
        self.clients = Clients(lambda: self.now)
        self.waits: list[float] = []
        self._pool: list[int] = []  # of each free connection, when it asked last
        self._queue: list[tuple[float, int, bool]] = []
        self._free = 0.0  # when the one that is worked on is answered

    def comes(self, at: float, *, is_kept: bool) -> None:
        """Let a request come, after what is answered until then."""
        self.answer_until(at)
        self.now = at
        asked = self.clients.note(self._pool.pop() if is_kept and self._pool else -1)
        clients = self.clients.of_late if self.admission.is_strict else len(self.clients)
        if self.admission.waiting >= self.admission.few and self.admission.is_over(clients):
            if is_kept:
                self._pool.append(asked)
            return
        self.admission.entered()
        if not self._queue:
            self._free = at + EACH
        self._queue.append((at, asked, is_kept))

    def answer_until(self, at: float) -> None:
        """Answer what is ready by then."""
        while self._queue and self._free <= at:
            came, asked, is_kept = self._queue.pop(0)
            self.now = self._free
            self.admission.left()
            self.waits.append(self.now - came)
            if is_kept:
                self._pool.append(asked)
            else:
                self.clients.left(asked)
            self._free += EACH


@pytest.mark.parametrize("every", [EVERY, 4])
def test_a_strict_limit_is_not_given_up_because_few_are_connected_while_others_are_refused(every: int) -> None:
    one = Simulated()
    for number in range(int(SECONDS * RATE)):
        one.comes(number / RATE, is_kept=number % every != 0)
    slow = sum(wait > 4 * EACH for wait in one.waits)
    assert len(one.waits) > 0.95 * SECONDS / EACH
    assert slow < 0.02 * len(one.waits), "those of the first second"
