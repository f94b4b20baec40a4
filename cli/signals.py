"""An interrupted run says so and ends with the code that a shell expects."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Terminated(BaseException):
    """SIGTERM arrived; like KeyboardInterrupt, no handler for errors swallows it."""


class Stops:
    """Which signals arrived, whoever's handler was in place.

    ZenML sets its own while a step runs; what it raises is an error of its own, or of the database that it asks in the
    middle of a transaction.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()  # os.pipe2 would make both ends in one call, but macOS has none
        for end in (self._read, self._write):
            os.set_blocking(end, False)
        self._before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._seen = b""

    def raise_any(self) -> None:
        """Raise what a signal means, if one arrived.

        Raises:
            Terminated: For SIGTERM.
            KeyboardInterrupt: For SIGINT.
        """
        with suppress(BlockingIOError):
            self._seen += os.read(self._read, 4096)
        if signal.SIGTERM in self._seen:
            raise Terminated
        if signal.SIGINT in self._seen:
            raise KeyboardInterrupt

    def close(self) -> None:
        """Restore what was before."""
        signal.set_wakeup_fd(self._before)
        os.close(self._read)
        os.close(self._write)


@contextmanager
def termination_raises() -> Iterator[Stops]:
    """Turn SIGTERM into `Terminated` while the block runs, so that what is open gets closed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    stops = Stops()
    try:
        yield stops
    except Exception:
        stops.raise_any()
        raise
    except KeyboardInterrupt:
        stops.raise_any()  # it may have been SIGTERM
        raise
    finally:
        stops.close()
        signal.signal(signal.SIGTERM, before)
