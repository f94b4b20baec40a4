"""What keeps a service alive: a supervisor with its port and its worker, and a watchdog; each starts the other again.

A service is wanted while its settings file exists. Only the standard library is imported, so that these processes are
small and start at once.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal

from ml.io.held_file import holder

Role = Literal["supervisor", "watchdog"]
ROLES: tuple[Role, ...] = ("supervisor", "watchdog")
_LONGEST_PAUSE = 30.0  # seconds


def lock_path(settings: Path, role: Role) -> Path:
    """Return the file that the process with this role holds."""
    return settings.with_name(f".{settings.name.removesuffix('.settings.json')}.{role}")


def process_id(settings: Path, role: Role) -> int | None:
    """Return the id of the living process with this role, None when there is none."""
    return holder(lock_path(settings, role))


def may_live(settings: Path, role: Role) -> bool:
    """Say whether there is a process with this role, or that cannot be seen for now: no file can be opened."""
    try:
        return process_id(settings, role) is not None
    except OSError:
        return True


def is_wanted(settings: Path) -> bool:
    """Say whether the service is to be alive."""
    return settings.is_file()


def start(
    settings: Path,
    role: Role,
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    log: IO[bytes] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start the process with this role, in a session of its own; the watchdog goes on as nobody's child.

    Args:
        settings: The service's settings file.
        role: What it is to be.
        cwd: The folder of the service's code; None: that of this process, one of the service's own.
        environment: Its environment; None: that of this process.
        log: Where it writes; None: where this process does.

    Raises:
        OSError: If no process can be started, which may be so for a moment.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", f"serving.process.{role}", str(settings)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    if role == "watchdog":
        child.wait()  # what is left of it has another parent: it is not killed with our children
    return child


def longer(pause: float) -> float:
    """Return the seconds until what could not be started is tried again, `pause` after the time before."""
    return min(max(0.5, 2 * pause), _LONGEST_PAUSE)


def say(what: str) -> None:
    """Write a line to the service's log; a disk that is full must not end who keeps the service alive."""
    with suppress(OSError):
        os.write(2, f"{what}\n".encode())
