"""Which process something belongs to, told apart from every other, also after a reboot and when the clock was set."""

import os
from functools import cache

from ml.io.process_token import Fate, boot, fate_of, has_machine_id, machine, namespace, started_at
from schemas.base import Strict


class ProcessIdentity(Strict):
    """One process on one host.

    Attributes:
        host: The host's name, and its machine id where it has one.
        boot: The boot that it was started in.
        namespace: The namespace that `pid` counts in; containers have their own, a host has the same in every boot.
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
        if (self.host, self.namespace) != (here.host, here.namespace):
            return "unknown"
        if self.boot != here.boot:
            return "gone" if has_machine_id() else "unknown"
        return fate_of(self.pid, self.started)


@cache
def _identity(pid: int) -> ProcessIdentity:
    started = started_at(pid)
    assert started is not None, "this process lives"
    return ProcessIdentity(host=machine(), boot=boot(), namespace=namespace(), pid=pid, started=started)
