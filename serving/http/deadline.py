"""The end of a request's time."""

import time
from collections.abc import Callable

from serving.http.errors import RETRY, HttpError


def late(deadline: float) -> HttpError:
    """Return what is answered once nobody waits any more."""
    return HttpError(504, f"there was no answer within {deadline:g} seconds", headers=RETRY)


def going_on(deadline: float, started: float) -> Callable[[], None]:
    """Return what raises once nobody waits for the answer any more: a thread cannot be stopped from outside."""
    ends = started + deadline

    def go_on() -> None:
        if time.perf_counter() > ends:
            raise late(deadline)

    return go_on
