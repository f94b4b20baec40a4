"""Three times what can be answered, simulated with the connections that its clients have; few clients after others."""

from heapq import heapify, heappop, heappush
from math import inf
from random import Random

import pytest

from serving.http.admission import FEW, Admission
from serving.http.clients import Clients


class Simulated:
    """A worker that answers one request after another, `each` seconds of work; refusals take no time."""

    def __init__(self, each: float) -> None:
        self.now, self.each = 0.0, each
        self.admission = Admission(0.5, 10.0, lambda: self.now)
        self.clients = Clients(lambda: self.now)
        self.queue: list[tuple[float, int]] = []
        """When each that waits came, and the period of its connection's last request."""
        self.free = inf
        """When the first of them is answered."""

    def asks(self, at: float, last: int) -> tuple[bool, int]:
        """Let a request come on a connection; return whether it is taken, and the period of now."""
        self.now = at
        admission, asked = self.admission, self.clients.note(last)
        if admission.waiting >= admission.few and admission.is_over(len(self.clients)):
            return False, asked
        admission.entered()
        if not self.queue:
            self.free = at + self.each
        self.queue.append((at, asked))
        return True, asked

    def answer(self) -> tuple[float, int]:
        """Answer the first; return when it came, and the period of its connection."""
        self.now = self.free
        self.admission.left()
        self.free = self.free + self.each if len(self.queue) > 1 else inf
        return self.queue.pop(0)


@pytest.mark.parametrize("every", [8, 100, 1_000_000])
def test_few_connections_at_a_time_are_not_taken_for_few_clients(every: int) -> None:
    one, chance, at = Simulated(0.012), Random(0), 0.0
    waits, pool, kept = list[float](), list[int](), list[bool]()
    for number in range(100_000):
        at += chance.expovariate(3 / one.each)
        while one.free <= at:
            came, asked = one.answer()
            waits.append(one.now - came)
            pool.append(asked) if kept.pop(0) else one.clients.left(asked)
        is_kept = number % every != 0  # the others come on connections of their own
        is_taken, asked = one.asks(at, pool.pop() if is_kept and pool else -1)
        if is_taken:
            kept.append(is_kept)
        elif is_kept:
            pool.append(asked)
    assert len(waits) > 32_000
    assert sorted(waits)[int(0.99 * len(waits))] < 3 * one.each, "those of the first second are fewer"


@pytest.mark.parametrize(("clients", "each"), [(32, 0.001), (64, 0.001), (10, 0.002)])
def test_few_clients_that_do_not_wait_when_they_are_refused_are_all_taken_after_a_while(
    clients: int, each: float
) -> None:
    one = Simulated(each)
    asks = [(0.0, number) for number in range(400)]  # others stop after two seconds
    heapify(asks)
    last, waiting = [-1] * 400, list[int]()
    refused = 0.0
    while one.now < 40:
        if asks and asks[0][0] < one.free:
            at, client = heappop(asks)
            if client >= clients and at > 2:
                continue
            is_taken, last[client] = one.asks(at, last[client])
            if is_taken:
                waiting.append(client)
            else:
                refused = at
                heappush(asks, (at + 0.001, client))
        else:
            one.answer()
            heappush(asks, (one.now + 0.0001, waiting.pop(0)))
    assert refused < 1.2 * 300 * clients * each + 4
    assert one.admission.few == FEW and len(one.queue) > clients / 2
