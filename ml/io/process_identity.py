"""Which process something belongs to, told apart from every other, also after a reboot and when the clock was set."""

import os
import socket
from functools import cache

from ml.io.process_token import Fate, boot, fate_of, namespace, started_at, text_of
from schemas.base import Strict

_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


class ProcessIdentity(Strict):
    """One process on one host.

    Attributes:
        host: Name and machine id of the host.
        boot: The boot that it was started in.
        namespace: The namespace that `pid` counts in; containers have their own.
        pid: Its number.
        started: When it was started, as `process_token.started_at` has it.
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
        return "unknown" if self.namespace != here.namespace else fate_of(self.pid, self.started)


@cache
def _identity(pid: int) -> ProcessIdentity:
    started = started_at(pid)
    assert started is not None, "this process lives"
    return ProcessIdentity(host=_host(), boot=boot(), namespace=namespace(), pid=pid, started=started)


@cache
def _host() -> str:
    machine = next((text for path in _MACHINE_IDS if (text := text_of(path))), "")
    return f"{socket.gethostname()} {machine}".strip()
