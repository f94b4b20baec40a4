"""An interrupted run says so and ends with the code that a shell expects."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Terminated(BaseException):
    """SIGTERM arrived; like KeyboardInterrupt, no handler for errors swallows it."""


class Stops:
    """Which signals arrived, whoever's handler was in place: ZenML sets its own while a step runs."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK)
        self._before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._seen = b""

    def terminated(self) -> bool:
        """Say whether SIGTERM was among them."""
        with suppress(BlockingIOError):
            self._seen += os.read(self._read, 4096)
        return signal.SIGTERM in self._seen

    def close(self) -> None:
        """Restore what was before."""
        signal.set_wakeup_fd(self._before)
        os.close(self._read)
        os.close(self._write)


@contextmanager
def termination_raises() -> Iterator[None]:
    """Turn SIGTERM into `Terminated` while the block runs, so that what is open gets closed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    stops = Stops()
    try:
        yield
    except KeyboardInterrupt:
        if stops.terminated():
            raise Terminated from None
        raise
    finally:
        stops.close()
        signal.signal(signal.SIGTERM, before)
