"""A run in a process of its own, which a process that does nothing else ends where the run itself does not react.

Python acts on a signal between two instructions of its main thread. Within a call into C there are none for seconds or
minutes (a tree on 400,000 rows 15 s, a compilation by JAX 22 s), and much of what a run calls holds the interpreter's
lock meanwhile (protobuf writes 1 GB in 12 s, 10 million floats are JSON in 6 s, `sorted`, `re`, pandas' dates), so that
no thread of the same process could act either. Only another process can. It is forked before anything heavy is
imported: 2 ms.
"""

import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import IO, Any

from cli import last_words
from cli.last_words import Shelf
from cli.signals import keep_interruptions
from ml.io.process_token import token
from ml.io.processes import end_with_parent, signal_name

PATIENCE = 1.5
"""Seconds from a signal until a run that goes on is killed."""
_SLACK = 0.1  # seconds in which a signal to the whole process group reaches both processes
_GLANCE = 0.5  # seconds between two looks at whether the run got a signal of its own
_STOPS = (signal.SIGINT, signal.SIGTERM)
# What ends a process whose terminal is closed; the run is told SIGTERM instead, as it would be told twice otherwise.
_HANG_UP = signal.SIGHUP
_WORDS = {signal.SIGINT: "Interrupted", signal.SIGTERM: "Terminated"}
_SHOW_CURSOR = "\x1b[?25h"


def watched(command: Callable[[], int]) -> int:
    """Run a command in a child process and return its exit code; on SIGINT and SIGTERM it ends within two seconds.

    SIGHUP, which comes where a terminal is closed, counts as SIGTERM.

    Returns:
        What `command` returned in the child, in which this function returns too; 130 and 143 where it had to be killed
        after a signal, 1 where something else killed it.
    """
    try:
        signals = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  both processes have it until they end
        shelf, scratch = Shelf(), tempfile.mkdtemp(prefix=f"drivetrain-run-{token()}-")
    except OSError:  # no temporary file can be made: the command says what it cannot do without one
        return command()
    numbers = (*_STOPS, _HANG_UP, signal.SIGCHLD)
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    inherited: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    parent, child = os.getpid(), os.fork()
    if not child:
        _begin(inherited, parent, signals, scratch)
        last_words.share(shelf)
        keep_interruptions()
        return _to_its_code(command, signals)
    watch = _Watch(child, signals)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    try:
        return watch.to_the_end(shelf)
    finally:
        for number in _STOPS:  # the run has ended, and its code is known
            signal.signal(number, signal.SIG_IGN)
        shutil.rmtree(scratch, ignore_errors=True)


def _to_its_code(command: Callable[[], int], signals: IO[bytes]) -> int:
    """Run the command, with a word for an interruption before it can say one, and none for one after its end.

    An interruption of what an import runs comes out as another error wherever that code cleans up and fails at it.
    """
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*_STOPS, _HANG_UP, signal.SIGCHLD))
        return command()
    except (Exception, KeyboardInterrupt) as error:
        if not isinstance(error, KeyboardInterrupt) and signal.SIGINT not in _arrived_at(signals):
            raise
        _say(signal.SIGINT)
        return 128 + signal.SIGINT
    finally:
        for number in _STOPS:
            signal.signal(number, signal.SIG_IGN)


def _arrived_at(signals: IO[bytes]) -> set[int]:
    """Return the numbers of the signals that the child got."""
    return set(os.pread(signals.fileno(), 4096, 0))


def _say(stop: signal.Signals) -> None:
    _tell(f"\n{_WORDS[stop]}; what was deployed goes on.\n")


def _tell(text: str) -> None:
    """Say something where somebody still reads: Ctrl-C ends a `tee` behind us, too."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _begin(inherited: dict[int, Any], parent: int, signals: IO[bytes], scratch: str) -> None:
    """Make of the child what a program is that nobody watches, but for three things.

    It ends with whoever watches it, the numbers of the signals that it gets stand in a file, and its temporary files
    have one folder, which goes when it has ended.
    """
    for number, handler in inherited.items():
        if handler is not None:
            signal.signal(number, handler)
    signal.signal(_HANG_UP, signal.SIG_IGN)  # who watches passes it on
    os.set_blocking(signals.fileno(), False)
    signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)
    tempfile.tempdir = scratch  # not TMPDIR: services that the run starts outlive it
    end_with_parent(parent)


class _Watch:
    """The process that watches: it passes signals on, and counts the seconds."""

    def __init__(self, child: int, signals: IO[bytes]) -> None:
        self._child, self._signals = child, signals
        self._read, write = os.pipe()
        for end in (self._read, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (*_STOPS, _HANG_UP, signal.SIGCHLD):
            # `nohup` starts a program with SIGHUP ignored, a shell what runs in the background with SIGINT ignored.
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGCHLD:
                signal.signal(number, _nothing)
        self._got: set[int] = set()
        self._passed_on: set[int] = set()
        self._since: float | None = None
        self._below: list[Any] = []

    def to_the_end(self, shelf: Shelf) -> int:
        """Wait for the child, however it ends; return the exit code of the program."""
        status = self._awaited()
        if self._below:
            _end(self._below)
        if os.WIFEXITED(status):
            if self._stop is not None:
                last_words.speak(shelf, f"stopped by {self._stop.name}")
            return os.WEXITSTATUS(status)
        return self._killed(os.WTERMSIG(status), shelf)

    def _killed(self, by: int, shelf: Shelf) -> int:
        """Say for the child how it ended."""
        if sys.stderr.isatty():
            _tell(_SHOW_CURSOR)
        stop = self._stop or (signal.Signals(by) if by in _STOPS else None)
        if stop is None:
            why = ", as the system does when memory runs out" if by == signal.SIGKILL else ""
            last_words.speak(shelf, f"the run was killed by {signal_name(by)}{why}")
            _tell(f"\nThe run was killed by {signal_name(by)}; what was deployed goes on.\n")
            return 1
        last_words.speak(shelf, f"stopped by {stop.name}")
        _say(stop)
        return 128 + stop

    @property
    def _stop(self) -> signal.Signals | None:
        """The signal that ends the run: SIGTERM where both came."""
        return next((number for number in reversed(_STOPS) if number in self._arrived), None)

    @property
    def _arrived(self) -> set[int]:
        return self._got | self._seen_by_child()

    def _awaited(self) -> int:
        while True:
            select.select([self._read], [], [], self._pause())
            self._take()
            ended, status = os.waitpid(self._child, os.WNOHANG)
            if ended:
                return status
            self._act()

    def _pause(self) -> float:
        if self._since is None:
            return _GLANCE
        ages = (_SLACK, PATIENCE)
        left = [age - (time.monotonic() - self._since) for age in ages]
        return min((one for one in left if one > 0), default=_SLACK)

    def _take(self) -> None:
        with suppress(BlockingIOError):
            arrived = {signal.SIGTERM if number == _HANG_UP else number for number in os.read(self._read, 4096)}
            self._got |= arrived & set(_STOPS)
        if self._since is None and self._stop is not None:
            self._since = time.monotonic()
            self._below = _descendants(self._child)

    def _act(self) -> None:
        """Pass on what only this process got, after a moment; kill what goes on after more of them."""
        if self._since is None:
            return
        age = time.monotonic() - self._since
        if age >= PATIENCE:
            self._below += _descendants(self._child)
            os.kill(self._child, signal.SIGKILL)
        elif age >= _SLACK:
            for number in self._got - self._seen_by_child() - self._passed_on:
                os.kill(self._child, number)
                self._passed_on.add(number)

    def _seen_by_child(self) -> set[int]:
        return _arrived_at(self._signals) & set(_STOPS)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Let a signal end the wait; what it means is read from the pipe."""


def _descendants(process: int) -> list[Any]:
    """Return the processes below one that belong to its session; what was deployed has a session of its own."""
    import psutil

    try:
        found, session = psutil.Process(process).children(recursive=True), os.getsid(process)
    except (psutil.Error, ProcessLookupError):
        return []
    return [one for one in found if _session(one.pid) == session]


def _session(process: int) -> int | None:
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return None


def _end(processes: list[Any]) -> None:
    """Kill what is left of them; a number that another process has got since is left alone."""
    import psutil

    for process in processes:
        with suppress(psutil.Error):
            process.kill()
