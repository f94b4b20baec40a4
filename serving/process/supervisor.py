"""The process that holds a service's port, and starts its worker again whenever it ends.

The worker is BentoML's own. The port is opened here once: while a worker is replaced, clients wait instead of being
turned away.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ml.io.held_file import held
from ml.io.processes import signal_name
from serving.process import address, kept_alive
from serving.process.members import LOOKED_AFTER, SUPERVISOR, end_those_left

SERVICE = "serving.service:Drivetrain"
PATIENCE = 60.0
"""Seconds in which a worker must have ended what is in work."""

_KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that theirs is the end that closes
_BACKLOG = 2048
_PORT_SECONDS = 5.0
_LOOK_SECONDS = 0.25
_QUICK_SECONDS, _LONGEST_PAUSE = 2.0, 30.0
_AGAIN_SECONDS = 2.0  # until a started watchdog must have shown itself
_START_SECONDS = 20.0  # a worker that ends by itself within them cannot start


def main(settings: Path) -> int:
    """Run the service until it is told to stop, or is not wanted any more.

    Returns:
        0, or the exit code of a worker that cannot start.
    """
    with held(kept_alive.lock_path(settings, "supervisor")) as mine:
        if not mine or not kept_alive.is_wanted(settings):
            return 0
        end_those_left(settings)
        config = json.loads(settings.read_bytes())
        try:
            listener = _listen(config["host"], config["port"])
        except OSError as error:
            kept_alive.say(f"port {config['port']} on {config['host']} cannot be opened: {error.strerror}")
            return 1
        with listener, _signals() as arrived:
            return _supervise(settings, listener, arrived)


def _supervise(settings: Path, listener: socket.socket, arrived: int) -> int:
    watchdog = _Watchdog(settings)
    worker, started, pause = _start_worker(listener), time.monotonic(), 0.0
    while True:
        select.select([arrived], [], [], _LOOK_SECONDS)
        if _is_told_to_stop(arrived) or not kept_alive.is_wanted(settings):
            _end(worker)
            return 0
        code = worker.poll()
        if code is not None:
            if code > 0 and time.monotonic() - started < _START_SECONDS:
                return code
            pause = _pause(pause, time.monotonic() - started)
            kept_alive.say(f"the worker {worker.pid} ended ({_told(code)}); starting another{_after(pause)}")
            if _stops_within(pause, settings, arrived):
                return 0
            worker, started = _start_worker(listener), time.monotonic()
        watchdog.keep()


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    try:
        worker.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        kept_alive.say(f"the worker {worker.pid} does not end; killing it")
        worker.kill()
        worker.wait()


def _pause(before: float, lived: float) -> float:
    """Return the seconds until a worker is started after one that lived so long: longer after each quick death."""
    return 0.0 if lived > _QUICK_SECONDS else min(max(0.5, 2 * before), _LONGEST_PAUSE)


def _after(pause: float) -> str:
    return f" in {pause:g} s" if pause else ""


def _stops_within(seconds: float, settings: Path, arrived: int) -> bool:
    """Wait; say whether we are told to stop meanwhile, or the service is not wanted any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        select.select([arrived], [], [], _LOOK_SECONDS)
        if _is_told_to_stop(arrived) or not kept_alive.is_wanted(settings):
            return True
    return False


class _Watchdog:
    """The watchdog as its supervisor sees it: whoever starts a service starts one, and we the next."""

    def __init__(self, settings: Path) -> None:
        self._settings = settings
        self._due = time.monotonic() + _START_SECONDS

    def keep(self) -> None:
        """Start one where there was one, or should be by now."""
        if LOOKED_AFTER in os.environ:
            return
        if kept_alive.process_id(self._settings, "watchdog") is not None:
            self._due = 0.0
        elif time.monotonic() > self._due:
            kept_alive.say("the service's watchdog is gone; starting it again")
            kept_alive.start(self._settings, "watchdog")
            self._due = time.monotonic() + _AGAIN_SECONDS


def _start_worker(listener: socket.socket) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "_bentoml_impl.worker.service", SERVICE, "--service-name", "drivetrain"]
    command += ["--fd", str(listener.fileno()), "--backlog", str(_BACKLOG), "--worker-id", "1", "--args", "{}"]
    command += ["--timeout-keep-alive", str(_KEEP_ALIVE_SECONDS)]
    environment = {**os.environ, SUPERVISOR: str(os.getpid())}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment, pass_fds=(listener.fileno(),))


def _listen(host: str, port: int) -> socket.socket:
    """Open the port; a worker that lost its supervisor may have it for another moment."""
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        listener = socket.socket(address.family(host), socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            if time.monotonic() > deadline or not ip_address(host).is_loopback:
                raise
            time.sleep(0.05)
        else:
            return listener


@contextmanager
def _signals() -> Iterator[int]:
    """Give a descriptor that a byte, its number, arrives at for every signal that ends us or speaks of the worker."""
    read, write = os.pipe()
    for end in (read, write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, _noted)
    try:
        yield read
    finally:
        signal.set_wakeup_fd(-1)
        os.close(read)
        os.close(write)


def _noted(_number: int, _frame: Any) -> None:
    """Do nothing: the descriptor has it."""


def _is_told_to_stop(arrived: int) -> bool:
    try:
        seen = os.read(arrived, 4096)
    except BlockingIOError:
        return False
    return signal.SIGTERM in seen or signal.SIGINT in seen


def _told(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal_name(-code)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
