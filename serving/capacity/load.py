"""The load as a process of its own, which holds nothing else: python -m serving.capacity.load < ORDER > TRIALS.

Both are JSON. It ends with its time, its number of requests, or once the rate is known.
"""

import asyncio
import gc
import random
import sys
import time
from collections.abc import Sequence

from schemas.base import Strict
from schemas.capacity import Trial
from serving.capacity.client import Client
from serving.capacity.search import next_rate
from serving.capacity.trial import tried

_CHOOSING, _LONGEST = 5.0, 30.0  # seconds in which bodies are tried one by one, and those of an answer at most
_WARM = 200  # requests one after another, which warm both ends
_FIRST_SECONDS, _SHORTEST = 1.0, 0.5
_BUDGETS = 8
_SHARE = 12  # a trial between what held and what did not takes this part of the time


class Order(Strict):
    """What to do: `bodies` are JSON texts, taken in turn; `seconds` and `requests` bound all of it.

    `rest` is for how many seconds nothing is sent between a rate that was too much and the next one: the service
    refuses for a while then.
    """

    port: int
    bodies: list[str]
    connections: int
    budget: float
    seconds: float
    requests: int
    seed: int = 0
    rest: float = 0.0


class Trials(Strict):
    """What came of it; `skipped` are bodies that were tried and not answered with 200: all of them, or some."""

    trials: list[Trial]
    skipped: int = 0
    sent: int = 0


async def loaded(order: Order) -> Trials:
    """Try one rate after another. Raises OSError where nobody listens."""
    requests = [_request(body.encode()) for body in order.bodies]
    good, asked = await _good(order, requests)
    if not good:
        return Trials(trials=[], skipped=len(requests))
    client = Client(order.port, good, order.connections)
    await client.open(8)
    first = await _pace(client)
    trials: list[Trial] = []
    ends, rest = time.monotonic() + order.seconds, 0.0
    sent, numbers = asked + _WARM, random.Random(order.seed)
    while (rate := next_rate(trials, order.budget, first)) is not None:
        between = any(not trial.holds(order.budget) for trial in trials)
        usual = order.seconds / _SHARE if between else _FIRST_SECONDS
        length = max(usual, _SHORTEST, _BUDGETS * order.budget)  # a queue that grows must have the time to be too long
        left = ends - time.monotonic() - rest - order.budget
        if left < _SHORTEST or sent + rate * _SHORTEST > order.requests:
            break
        await asyncio.sleep(rest)
        trial = await tried(client, rate, min(length, left), order.budget, numbers, order.requests - sent)
        sent += trial.sent
        trials.append(trial)
        rest = 0.0 if trial.holds(order.budget) else order.rest
    client.close()
    return Trials(trials=trials, skipped=asked - len(good), sent=sent)


async def _good(order: Order, requests: Sequence[bytes]) -> tuple[list[bytes], int]:
    """Return requests that are answered with 200, and how many were asked; of a slow service the first ones do."""
    good, started = list[bytes](), time.perf_counter()
    for count, one in enumerate(requests, 1):
        if await _is_answered(order, one):
            good.append(one)
        if time.perf_counter() - started > (_CHOOSING if good else _LONGEST):
            return good, count
    return good, len(requests)


async def _is_answered(order: Order, request: bytes) -> bool:
    client = Client(order.port, [request], 1)
    await client.open(1)
    client.ask(time.perf_counter())
    await _answered(client)
    client.close()
    return bool(client.seconds)


async def _pace(client: Client) -> float:
    """Return how many requests a second are answered one after another."""
    started = time.perf_counter()
    for _ in range(_WARM):
        client.ask(time.perf_counter())
        await _answered(client)
        if time.perf_counter() - started > 2.0:
            break
    return client.sent / (time.perf_counter() - started)


async def _answered(client: Client) -> None:
    ends = time.perf_counter() + _LONGEST
    while client.outstanding and time.perf_counter() < ends:
        await asyncio.sleep(0)


def _request(body: bytes) -> bytes:
    head = f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def main() -> None:
    """Do what the standard input says."""
    order = Order.model_validate_json(sys.stdin.buffer.read())
    gc.freeze()
    gc.disable()  # bounded in time: what it leaves goes with it
    try:
        import uvloop
    except ImportError:
        found = asyncio.run(loaded(order))
    else:
        found = uvloop.run(loaded(order))
    sys.stdout.write(found.model_dump_json())


if __name__ == "__main__":
    main()
