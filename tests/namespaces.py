"""Machines of a test's own: network namespaces with an address each, on a bridge of this machine, removed at the end.

Nothing is sent before it is certain that the route goes to the bridge: an address without it leaves by the default one.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

NEED_ALL = "DRIVETRAIN_TESTS_NEED_ALL"


@dataclass(frozen=True)
class Machine:
    """A namespace: what is started in it has its address, and reaches this machine's and the other ones' alone."""

    name: str
    address: str
    link: str

    def command(self, words: Sequence[str]) -> list[str]:
        """Return the words that run a command there."""
        return ["ip", "netns", "exec", self.name, *words]

    def start(self, words: Sequence[str], **options: Any) -> "subprocess.Popen[str]":
        """Start a command there."""
        return subprocess.Popen(self.command(words), text=True, **options)

    def cut(self) -> None:
        """Take its cable out."""
        _ip("link", "set", self.link, "down")

    def mend(self) -> None:
        """Put its cable in again."""
        _ip("link", "set", self.link, "up")


@dataclass(frozen=True)
class Network:
    """The bridge with the address that this machine has on it, and the machines."""

    address: str
    machines: tuple[Machine, ...]


@contextmanager
def network(count: int) -> Iterator[Network]:
    """Give `count` machines; whatever runs in them at the end is killed."""
    number = os.getpid() % 250 + 1
    subnet, bridge = f"10.213.{number}", f"dtb{number}"
    machines = tuple(
        Machine(f"dt{number}-{index}", f"{subnet}.{index + 10}", f"dtv{number}-{index}") for index in range(count)
    )
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{subnet}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for machine in machines:
            _add(machine, bridge)
        for machine in machines:
            route = _ip("-o", "route", "get", machine.address)
            assert f"dev {bridge} " in route, f"the way to {machine.address} is not ours: {route}"
            inside = _ip("-n", machine.name, "-o", "route", "get", f"{subnet}.1")
            assert "dev eth0 " in inside, inside
        yield Network(f"{subnet}.1", machines)
    finally:
        for machine in machines:
            _kill_all(machine)
            subprocess.run(["ip", "netns", "del", machine.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", bridge], check=False, capture_output=True)


def require_namespaces() -> None:
    """Skip where namespaces cannot be made, which no machine that must run all tests may."""
    if shutil.which("ip") is not None and os.geteuid() == 0:
        return
    if os.environ.get(NEED_ALL):
        raise AssertionError("network namespaces need root and the program ip (Debian: iproute2)")
    pytest.skip("network namespaces need root and the program ip")


def _add(machine: Machine, bridge: str) -> None:
    _ip("netns", "add", machine.name)
    _ip("link", "add", machine.link, "type", "veth", "peer", "name", "eth0", "netns", machine.name)
    _ip("link", "set", machine.link, "master", bridge, "up")
    _ip("-n", machine.name, "addr", "add", f"{machine.address}/24", "dev", "eth0")
    _ip("-n", machine.name, "link", "set", "eth0", "up")
    _ip("-n", machine.name, "link", "set", "lo", "up")


def _kill_all(machine: Machine) -> None:
    found = subprocess.run(["ip", "netns", "pids", machine.name], capture_output=True, text=True, check=False)
    if found.stdout.split():
        subprocess.run(["kill", "-9", *found.stdout.split()], check=False, capture_output=True)


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.stdout
