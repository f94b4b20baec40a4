"""The processes of a service as its tests see them."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from serving.process import records, services
from serving.process.kept_alive import Role, process_id
from serving.process.members import members

PATIENCE = 30.0
"""Seconds, on a machine that does other things, too."""


def supervisor(home: Path, name: str = "house") -> int:
    """Return the id of the supervisor, which must live."""
    found = records.supervisor(home, name)
    assert found is not None, f"{name} has no supervisor"
    return found


def watchdog(home: Path, name: str = "house") -> int | None:
    """Return the id of the watchdog, None when there is none."""
    role: Role = "watchdog"
    return process_id(records.settings_path(home, name), role)


def worker(home: Path, name: str = "house") -> psutil.Process:
    """Return the worker."""
    (found,) = psutil.Process(supervisor(home, name)).children()
    return found


def workers(home: Path, name: str = "house") -> list[psutil.Process]:
    """Return the workers."""
    return psutil.Process(supervisor(home, name)).children()


def family(home: Path, name: str = "house") -> list[psutil.Process]:
    """Return all living processes of a service."""
    return members(records.settings_path(home, name))


def gone(pid: int) -> bool:
    """Say whether a process is no more."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def pids(home: Path) -> set[int]:
    """Return the ids of all living processes of the service."""
    return {one.pid for one in family(home)}


def is_whole(home: Path, workers: int = 1) -> bool:
    """Say whether the service answers with all its processes."""
    found = records.supervisor(home, "house")
    if found is None or watchdog(home) is None:
        return False
    with suppress(psutil.NoSuchProcess):
        if len(psutil.Process(found).children()) == workers:
            state = services.status(home, "house")[0]
            return state.ready and all("answers with version" in said for said in state.workers(home))
    return False


def until(holds: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Wait until it holds; return the seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, f"does not hold after {seconds:g} seconds"
        time.sleep(0.02)
    return time.monotonic() - began


def kill(*pids: int) -> None:
    """Send SIGKILL to processes, gone or not."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
