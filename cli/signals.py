"""An interrupted run says so and ends with the code that a shell expects."""

import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import Timer
from types import FrameType


class Terminated(BaseException):
    """SIGTERM arrived; like KeyboardInterrupt, no handler for errors swallows it."""


class Stops:
    """Which signals arrived, whoever's handler was in place.

    ZenML sets its own while a step runs; what it raises is an error of its own, or of the database that it asks in the
    middle of a transaction.
    """

    def __init__(self) -> None:
        # A file, not a pipe: whoever watches this process reads it too (cli.watchdog), and so does a block around this.
        shared = signal.set_wakeup_fd(-1)
        self._before = shared
        self._own = None if _is_file(shared) else TemporaryFile(buffering=0)  # noqa: SIM115  closed in `close`
        self._fd = shared if self._own is None else self._own.fileno()
        self._start = os.fstat(self._fd).st_size
        os.set_blocking(self._fd, False)
        signal.set_wakeup_fd(self._fd, warn_on_full_buffer=False)

    def raise_any(self) -> None:
        """Raise what a signal means, if one arrived.

        Raises:
            Terminated: For SIGTERM.
            KeyboardInterrupt: For SIGINT.
        """
        seen = os.pread(self._fd, 4096, self._start)
        if signal.SIGTERM in seen:
            raise Terminated
        if signal.SIGINT in seen:
            raise KeyboardInterrupt

    def close(self) -> None:
        """Restore what was before."""
        signal.set_wakeup_fd(self._before)
        if self._own is not None:
            self._own.close()


def _is_file(number: int) -> bool:
    return number >= 0 and stat.S_ISREG(os.fstat(number).st_mode)


_AGAIN_SECONDS = 0.02
_INTERRUPTIONS = ("KeyboardInterrupt", "Terminated", "RunInterruptedException")  # the last one is ZenML's


def keep_interruptions() -> None:
    """Let no interruption be lost that arrives where Python only reports errors: in a destructor or a callback.

    It would print a traceback and go on. The signal is sent once more, a moment later, when that code has ended.
    """
    before = sys.unraisablehook

    def again(unraisable: "sys.UnraisableHookArgs") -> None:
        if unraisable.exc_type.__name__ not in _INTERRUPTIONS:
            before(unraisable)
            return
        number = signal.SIGTERM if unraisable.exc_type.__name__ == "Terminated" else signal.SIGINT
        timer = Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
        timer.daemon = True
        timer.start()

    sys.unraisablehook = again


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
