"""Which process something belongs to, told apart from every other, also after a reboot and when the clock was set.

A number alone is given to another process one day; a start in seconds since the epoch moves with the clock. On Linux a
process is known by its number and the ticks between boot and its start, within one boot and one namespace of numbers.
"""

import os
import re
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Literal

import psutil

from schemas.base import Strict

Fate = Literal["alive", "gone", "unknown"]
_TOKEN = re.compile(r"p([0-9a-f]{8})-(\d+)-(\d+)-(\d+)p")
_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_NAMESPACES = ("/proc/self/ns/pid", "/proc/self/ns/time")


class ProcessIdentity(Strict):
    """One process on one host.

    Attributes:
        host: Name and machine id of the host.
        boot: The boot that it was started in.
        namespace: The namespace that `pid` counts in; containers have their own.
        pid: Its number.
        started: Ticks from boot to its start; where there is no /proc, the kernel's start time in microseconds.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started: int

    @classmethod
    def mine(cls) -> "ProcessIdentity":
        """Return the identity of this process."""
        return _identity(os.getpid())

    @property
    def fate(self) -> Fate:
        """Whether the process lives; unknown on another host or in another container."""
        here = self.mine()
        if self.host != here.host:
            return "unknown"
        if self.boot != here.boot:
            return "gone"
        return "unknown" if self.namespace != here.namespace else _fate(self.pid, self.started)


def token() -> str:
    """Return a text that names this process in the names of files it will not need after its end."""
    me = ProcessIdentity.mine()
    return f"p{_short(me.boot)}-{_number(me.namespace)}-{me.pid}-{me.started}p"


def is_abandoned(name: str) -> bool:
    """Say whether the name of a file of this host holds the token of a process that is gone."""
    found = _TOKEN.search(name)
    if found is None:
        return False
    here = ProcessIdentity.mine()
    if found[1] != _short(here.boot):
        return True
    return int(found[2]) == _number(here.namespace) and _fate(int(found[3]), int(found[4])) == "gone"


@cache
def _identity(pid: int) -> ProcessIdentity:
    started = _started(pid)
    assert started is not None, "this process lives"
    return ProcessIdentity(host=_host(), boot=_boot(), namespace=_namespace(), pid=pid, started=started)


def _fate(pid: int, started: int) -> Fate:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass  # somebody else's, whom /proc may hide
    try:
        now = _started(pid)
    except (OSError, psutil.AccessDenied):
        return "unknown"
    return "alive" if now == started else "gone"


def _started(pid: int) -> int | None:
    """Return when a process was started; None for one that has ended and waits for its parent to ask how."""
    if sys.platform != "linux":
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else round(process.create_time() * 1e6)
    # The second field is the program's name in brackets and may hold blanks and brackets.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


@cache
def _host() -> str:
    machine = next((text for path in _MACHINE_IDS if (text := _text(path))), "")
    return f"{socket.gethostname()} {machine}".strip()


@cache
def _boot() -> str:
    if sys.platform != "linux":
        asked = ["sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return _text("/proc/sys/kernel/random/boot_id")


@cache
def _namespace() -> str:
    return " ".join(str(Path(path).readlink()) for path in _NAMESPACES if os.path.lexists(path))


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _short(boot: str) -> str:
    return re.sub("[^0-9a-f]", "", boot.lower())[:8].rjust(8, "0")


def _number(namespace: str) -> int:
    return int("".join(re.findall(r"\d+", namespace)) or 0)
