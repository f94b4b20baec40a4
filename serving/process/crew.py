"""The workers of a service: each in a place of its own, started again by itself when it ends. Standard library only."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from ml.io.processes import signal_name
from serving.process.kept_alive import longer, say
from serving.process.kernel import let_no_more_begin, steer
from serving.process.members import LEAVING, PLACE, SUPERVISOR

SERVICE = "serving.service:Drivetrain"
BACKLOG = 2048

_KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that theirs is the end that closes
_QUICK_SECONDS = 2.0
_LAST_SECONDS = 0.1  # in which workers take the connections that wait at a port that takes no more


class _Worker:
    """One worker process, and the pipe by which it says that it takes connections, and that it is about to end.

    Raises:
        OSError: If none can be started.
    """

    def __init__(self, place: int, listener: socket.socket) -> None:
        self.place, self.started = place, time.monotonic()
        self.is_ready = self.is_leaving = False
        self.tells, told = os.pipe()
        try:
            os.set_blocking(self.tells, False)
            command = [sys.executable, "-m", "_bentoml_impl.worker.service", SERVICE, "--service-name", "drivetrain"]
            command += ["--fd", str(listener.fileno()), "--backlog", str(BACKLOG), "--worker-id", str(place)]
            command += ["--args", "{}", "--timeout-keep-alive", str(_KEEP_ALIVE_SECONDS)]
            own = {SUPERVISOR: str(os.getpid()), PLACE: str(place), LEAVING: str(told)}
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, env={**os.environ, **own}, pass_fds=(listener.fileno(), told)
            )
        except OSError:
            os.close(self.tells)
            raise
        finally:
            os.close(told)

    def listen_to(self) -> None:
        """Note what it has said since."""
        with suppress(BlockingIOError):
            said = os.read(self.tells, 16)
            self.is_ready, self.is_leaving = self.is_ready or b"+" in said, self.is_leaving or b"." in said


class Crew:
    """Keeps a worker in each place.

    Args:
        listeners: The service's port, a socket for each place; they stay open while its worker is replaced.
        patience: Seconds in which a worker that was told to end must have done so.
    """

    def __init__(self, listeners: Sequence[socket.socket], patience: float) -> None:
        self._listeners, self._patience = listeners, patience
        self._steered: list[int] = []
        self._workers: dict[int, _Worker] = {}
        self._leaving: dict[_Worker, float] = {}  # until when they may take
        self._pause = dict.fromkeys(range(1, len(listeners) + 1), 0.0)
        self._due = dict(self._pause)
        self._failed: set[int] = set()  # places where none could start since anybody was ready
        self._start_those_due()

    @property
    def descriptors(self) -> list[int]:
        """What can be read once a worker says that it ends, or has ended."""
        return [one.tells for one in self._workers.values()]

    def look(self) -> int | None:
        """Do what is due; return the exit code of a worker where none can start in any place."""
        for place, worker in list(self._workers.items()):
            code = worker.process.poll()
            worker.listen_to()
            if worker.is_ready:
                self._failed.clear()
            if code is not None:
                self._ended(place, worker, code)
                if len(self._failed) == len(self._listeners):
                    return code
            elif worker.is_leaving:
                self._leaving[worker] = time.monotonic() + self._patience
                self._forget(place)
                self._start_later(worker, "is about to end", 0.0)
        self._see_off()
        self._steer()
        self._start_those_due()
        return None

    def _ended(self, place: int, worker: _Worker, code: int) -> None:
        self._forget(place)
        has_failed = code > 0 and not worker.is_ready  # what kills it may spare the next one
        if has_failed:
            self._failed.add(place)
        lived = time.monotonic() - worker.started
        pause = 0.0 if lived > _QUICK_SECONDS and not has_failed else longer(self._pause[place])
        self._start_later(worker, f"ended ({_told(code)})", pause)

    def _steer(self) -> None:
        """Let new connections go to those who take them; while nobody does, they wait for any."""
        ready = [place - 1 for place, worker in sorted(self._workers.items()) if worker.is_ready]
        if len(self._listeners) > 1 and ready and ready != self._steered:
            steer(self._listeners, ready)
            self._steered = ready

    def end(self, drain: float) -> None:
        """End all: they answer for `drain` seconds more, then the port is closed and what is in work is finished."""
        everybody = [*self._workers.values(), *self._leaving]
        for one in everybody:
            one.process.terminate()
        _wait(drain, lambda: any(one.process.poll() is None for one in everybody))
        for listener in self._listeners:
            let_no_more_begin(listener)
        _wait(_LAST_SECONDS, lambda: any(one.process.poll() is None for one in everybody))
        for listener in self._listeners:
            listener.close()
        deadline = time.monotonic() + self._patience
        for one in everybody:
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(max(0.0, deadline - time.monotonic()))
            _kill(one)
            os.close(one.tells)

    def _forget(self, place: int) -> None:
        worker = self._workers.pop(place)
        if worker not in self._leaving:
            os.close(worker.tells)

    def _see_off(self) -> None:
        for worker, until in list(self._leaving.items()):
            if worker.process.poll() is None and time.monotonic() > until:
                _kill(worker)
            if worker.process.poll() is not None:
                del self._leaving[worker]
                os.close(worker.tells)

    def _start_later(self, worker: _Worker, what: str, pause: float) -> None:
        self._pause[worker.place], self._due[worker.place] = pause, time.monotonic() + pause
        after = f" in {pause:g} s" if pause else ""
        say(f"the worker {worker.process.pid} {what}; starting another{after}")

    def _start_those_due(self) -> None:
        for place, due in self._due.items():
            if place in self._workers or time.monotonic() < due:
                continue
            try:
                self._workers[place] = _Worker(place, self._listeners[place - 1])
            except OSError as error:  # the machine has no room for another process, for a moment
                pause = self._pause[place] = longer(self._pause[place])
                self._due[place] = time.monotonic() + pause
                say(f"a worker cannot be started: {error.strerror}; trying again in {pause:g} s")


def _wait(seconds: float, lasts: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while lasts() and time.monotonic() < deadline:
        time.sleep(min(0.01, seconds))


def _kill(worker: _Worker) -> None:
    if worker.process.poll() is None:
        say(f"the worker {worker.process.pid} does not end; killing it")
        worker.process.kill()
        worker.process.wait()


def _told(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal_name(-code)
