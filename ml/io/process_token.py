"""A text that names one process, for the names of files that it will not need after its end.

A number alone is given to another process one day; a start in seconds since the epoch moves with the clock. On Linux a
process is known by its number and the ticks between boot and its start, within one boot and one namespace of numbers.
Light: a program begins with it.
"""

import hashlib
import os
import re
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Literal

Fate = Literal["alive", "gone", "unknown"]
_TOKEN = re.compile(r"p([0-9a-f]{8})([0-9a-f]{8})-(\d+)-(\d+)-(\d+)p")
_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_NAMESPACES = ("/proc/self/ns/pid", "/proc/self/ns/time")


def token() -> str:
    """Return a text that names this process among all of its host."""
    pid = os.getpid()
    started = started_at(pid)
    assert started is not None, "this process lives"
    return f"p{_digest(machine())}{_short(boot())}-{_number(namespace())}-{pid}-{started}p"


def is_abandoned(name: str) -> bool:
    """Say whether the name of a file of this host holds the token of a process that is gone."""
    found = _TOKEN.search(name)
    if found is None:
        return False
    if found[1] != _digest(machine()):
        return False  # of another host, which may live
    if int(found[3]) != _number(namespace()):
        return False  # of another container, perhaps one of the same image on another host
    if found[2] != _short(boot()):
        return has_machine_id()
    return fate_of(int(found[4]), int(found[5])) == "gone"


def fate_of(pid: int, started: int) -> Fate:
    """Say whether the process with a number that was started then lives, in this boot and namespace."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass  # somebody else's, whom /proc may hide
    try:
        now = started_at(pid)
    except OSError:
        return "unknown"
    return "alive" if now == started else "gone"


def started_at(pid: int) -> int | None:
    """Return when a process was started; None for one that has ended and waits for its parent to ask how.

    Ticks from boot to its start; where there is no /proc, the kernel's start time in microseconds.

    Raises:
        OSError: If nobody may know.
    """
    if sys.platform != "linux":
        import psutil

        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else round(process.create_time() * 1e6)
        except psutil.Error as error:
            raise PermissionError(str(error)) from error
    # The second field is the program's name in brackets and may hold blanks and brackets.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


@cache
def machine() -> str:
    """Return what names this host: its name, and its machine id where it has one, which copies of an image share."""
    return " ".join((socket.gethostname(), *_machine_ids()))


@cache
def _machine_ids() -> tuple[str, ...]:
    """Return the machine id of this host, none where it has none."""
    return tuple(text for path in _MACHINE_IDS if (text := text_of(path)))[:1]


def has_machine_id() -> bool:
    """Say whether this host is told apart by more than its name: else another boot may be another host's."""
    return bool(_machine_ids())


@cache
def boot() -> str:
    """Return what names this boot of the host."""
    if sys.platform != "linux":
        asked = ["sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return text_of("/proc/sys/kernel/random/boot_id")


@cache
def namespace() -> str:
    """Return what names the namespaces that the numbers and ticks of processes are of; containers have their own."""
    return " ".join(str(Path(path).readlink()) for path in _NAMESPACES if os.path.lexists(path))


def text_of(path: str) -> str:
    """Return what a small file says, nothing where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _short(name: str) -> str:
    return re.sub("[^0-9a-f]", "", name.lower())[:8].rjust(8, "0")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _number(name: str) -> int:
    return int("".join(re.findall(r"\d+", name)) or 0)
