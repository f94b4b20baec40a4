"""The process that holds a service's port, and starts its workers again whenever they end.

The workers are BentoML's own. The port is opened here once: while a worker is replaced, clients are answered by the
others, or wait instead of being turned away.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ml.io.held_file import held
from serving.process import address, kept_alive, notes
from serving.process.crew import BACKLOG, Crew
from serving.process.members import LOOKED_AFTER, end_those_left
from serving.process.patience import patience

_PORT_SECONDS = 5.0
_LOOK_SECONDS = 0.25
_AGAIN_SECONDS = 2.0  # until a started watchdog must have shown itself
_START_SECONDS = 20.0  # in which whoever starts a service has started its watchdog


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
            listeners = _listen(config["host"], config["port"], config["spec"]["workers"])
        except OSError as error:
            kept_alive.say(f"port {config['port']} on {config['host']} cannot be opened: {error.strerror}")
            return 1
        with ExitStack() as opened, _signals() as arrived:
            for listener in listeners:
                opened.enter_context(listener)
            return _supervise(settings, config["spec"], listeners, arrived)


def _supervise(settings: Path, spec: dict[str, Any], listeners: list[socket.socket], arrived: int) -> int:
    watchdog = Watchdog(settings)
    os.environ[notes.VARIABLE] = str(folder := notes.folder(settings))
    os.environ.pop(notes.WANTED, None)  # which `bentoml serve` alone is told by: here the settings say it
    notes.empty(folder)
    drain = spec["drain_seconds"]
    crew = Crew(listeners, patience(drain, spec["deadline"]))
    while True:
        select.select([arrived, *crew.descriptors], [], [], _LOOK_SECONDS)
        if _is_told_to_stop(arrived) or not kept_alive.is_wanted(settings):
            crew.end(drain)
            return 0
        code = crew.look()
        if code is not None:
            crew.end(0.0)
            return code
        watchdog.keep()


class Watchdog:
    """The watchdog as its supervisor sees it: whoever starts a service starts one, and we the next."""

    def __init__(self, settings: Path) -> None:
        self._settings = settings
        self._due, self._pause = time.monotonic() + _START_SECONDS, 0.0

    def keep(self) -> None:
        """Start one where there was one, or should be by now."""
        if LOOKED_AFTER in os.environ:
            return
        if kept_alive.may_live(self._settings, "watchdog"):
            self._due = self._pause = 0.0
        elif time.monotonic() > self._due:
            kept_alive.say("the service's watchdog is gone; starting it again")
            self._start()

    def _start(self) -> None:
        try:
            kept_alive.start(self._settings, "watchdog")
            self._pause, due = 0.0, _AGAIN_SECONDS
        except OSError as error:
            due = self._pause = kept_alive.longer(self._pause)
            kept_alive.say(f"it cannot be started: {error.strerror}; trying again in {due:g} s")
        self._due = time.monotonic() + due


def _listen(host: str, port: int, sockets: int) -> list[socket.socket]:
    """Open the port, so many times; a worker that lost its supervisor may have it for another moment."""
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        try:
            alone = _opened(host, port, is_shared=False)
        except OSError:
            if time.monotonic() > deadline or not ip_address(host).is_loopback:
                raise
            time.sleep(0.05)
        else:
            break
    if sockets == 1:
        return [alone]
    alone.close()  # nobody else has it
    return [_opened(host, port, is_shared=True) for _ in range(sockets)]


def _opened(host: str, port: int, *, is_shared: bool) -> socket.socket:
    listener = socket.socket(address.family(host), socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def _signals() -> Iterator[int]:
    """Give a descriptor that a byte, its number, arrives at for every signal that ends us or speaks of a worker."""
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


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
