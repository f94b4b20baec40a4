"""The processes of a service as its tests see them."""

from pathlib import Path

import psutil

from serving.process import records
from serving.process.kept_alive import Role, process_id
from serving.process.members import members


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
