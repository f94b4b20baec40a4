"""An interrupted run says so and ends with the code that a shell expects."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """SIGTERM arrived; like KeyboardInterrupt, no handler for errors swallows it."""


@contextmanager
def termination_raises() -> Iterator[None]:
    """Turn SIGTERM into an exception while the block runs, so that what is open gets closed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
