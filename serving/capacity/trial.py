"""One trial: requests at a rate, at random times, until they are sent or it is plain that it is too much."""

import asyncio
import random
import time

from schemas.capacity import Trial
from serving.capacity.client import Client

_TICK = 0.02  # seconds at most between two looks at what is due
_PATIENCE = 30.0  # seconds in which a service has done what it took on
_GRACE = 1.0  # seconds, beyond the budget, in which what was sent may still be answered


async def tried(
    client: Client, rate: float, seconds: float, budget: float, random_numbers: random.Random, most: int
) -> Trial:
    """Send requests at a rate, independent of each other (a Poisson process), and return what came of them.

    A request is due whatever became of those before (an open loop), and its latency counts from then: one that waits
    because the service is slow is late, which a client that waits for answers would not see.

    Args:
        client: Who sends.
        rate: Requests a second.
        seconds: For how long.
        budget: Seconds for 99 of 100; once more than that share of all is late, no more are sent.
        random_numbers: What the times are drawn from.
        most: Requests at most.
    """
    client.forget()
    began, clock = time.monotonic(), time.perf_counter()
    due, ends, late = clock + random_numbers.expovariate(rate), clock + seconds, []
    cut_off = False
    while due < ends and client.sent < most and not cut_off:
        now = time.perf_counter()
        while due <= now and due < ends and client.sent < most:
            late.append(now - due)
            client.ask(due)
            due += random_numbers.expovariate(rate)
        cut_off = _is_hopeless(client, rate, seconds, budget)
        await asyncio.sleep(min(max(due - time.perf_counter(), 0.0), _TICK))
    over = min(time.perf_counter(), ends)
    left = 0 if cut_off else await _unanswered(client, budget + _GRACE)
    left += client.give_up()
    await _unanswered(client, _PATIENCE)  # so that the next trial begins with nothing in work
    answered = sorted(client.seconds)
    return Trial(
        rate=rate,
        began=began,
        ended=began + max(client.last, over) - clock,
        sent=client.sent,
        answered=len(answered),
        refused=dict(client.refused) | ({"no answer in time": left} if left else {}),
        p50=_quantile(answered, 0.5),
        p99=_quantile(answered, 0.99),
        late=_quantile(sorted(late), 0.99) or 0.0,
        cut_off=cut_off,
    )


def _is_hopeless(client: Client, rate: float, seconds: float, budget: float) -> bool:
    """Say whether it is plain already that too many are late: then more of them would only burden the machine.

    By Little's law so many are in work as come within the time that each takes.
    """
    return client.outstanding > 4 * rate * budget + 50 or sum(client.refused.values()) > 0.01 * rate * seconds + 10


async def _unanswered(client: Client, seconds: float) -> int:
    """Wait for what is in work, at most so long, and return what is."""
    ends = time.perf_counter() + seconds
    while client.outstanding and time.perf_counter() < ends:
        await asyncio.sleep(_TICK)
    return client.outstanding


def _quantile(ordered: list[float], share: float) -> float | None:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None
