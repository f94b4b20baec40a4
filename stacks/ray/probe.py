"""What a Ray cluster is and has, asked without joining it: nothing is started there, and nothing is left."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from schemas.home import ROOT

_TIMEOUT = 5.0
_LONGEST = 30.0
_LAST = Path("/tmp/ray/ray_current_cluster")  # where `ray start` notes it


@dataclass(frozen=True)
class Cluster:
    """A cluster's versions, the addresses of its living nodes, and what each of them has (`CPU`, `GPU`, `memory`)."""

    ray: str
    python: str
    hosts: tuple[str, ...]
    nodes: tuple[Mapping[str, float], ...]

    @property
    def is_here(self) -> bool:
        """Whether all of its nodes are on this machine."""
        return all(is_own(host) for host in self.hosts)


def resolved(address: str) -> str:
    """Return `HOST:PORT` for `auto`: what RAY_ADDRESS says, else the cluster that was last started on this machine.

    Raises:
        UnreachableError: If there is none.
    """
    if address != "auto":
        return address
    if given := os.environ.get("RAY_ADDRESS"):
        return given
    try:
        return _LAST.read_text(encoding="utf-8").strip()
    except OSError:
        raise UnreachableError("no cluster was started on this machine, and RAY_ADDRESS is not set") from None


class UnreachableError(Exception):
    """Nothing answers there as a Ray cluster does."""


def probe(address: str) -> Cluster:
    """Ask the head of a cluster.

    A process of its own asks: Ray's library writes past Python into the terminal, and what it does not like ends it.

    Args:
        address: `HOST:PORT`.

    Raises:
        UnreachableError: With the reason.
    """
    require_listener(address)
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "stacks.ray.ask", address],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"nothing there answers within {_LONGEST:g} s as Ray does") from None
    if asked.returncode:
        said = next((line for line in reversed(asked.stderr.splitlines()) if line.strip()), "")
        raise UnreachableError(f"nothing there answers as Ray does: {said.strip()[:300]}")
    found = json.loads(asked.stdout)
    return Cluster(found["ray"], found["python"], tuple(found["hosts"]), tuple(found["nodes"]))


def mismatch(cluster: Cluster) -> str:
    """Return how the cluster's versions differ from ours, empty where they fit: both sides must be the same."""
    here = (version("ray"), ".".join(map(str, sys.version_info[:3])))
    there = (cluster.ray, cluster.python)
    same = here[0] == there[0] and here[1].split(".")[:2] == there[1].split(".")[:2]
    return "" if same else f"it runs Ray {there[0]} on Python {there[1]}, and this is Ray {here[0]} on Python {here[1]}"


def fits(cluster: Cluster, asked: Mapping[str, float]) -> bool:
    """Say whether some node has all that one step asks for."""
    return any(all(node.get(name, 0.0) >= amount for name, amount in asked.items()) for node in cluster.nodes)


def is_own(host: str) -> bool:
    """Say whether an address is one of this machine's: a socket can be bound to it."""
    try:
        family = socket.getaddrinfo(host, None)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe_socket:
            probe_socket.bind((host, 0))
    except OSError:
        return False
    return True


def require_listener(address: str) -> None:
    """Return where something listens at `HOST:PORT`. Raises UnreachableError where nothing does."""
    host, _, port = address.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port):
        raise UnreachableError("an address is HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=_TIMEOUT).close()
    except (OSError, OverflowError) as error:
        raise UnreachableError(str(error)) from error
