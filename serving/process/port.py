"""Which port a service gets."""

import socket
import zlib
from collections.abc import Set
from pathlib import Path

from schemas.deploy_spec import DeploySpec
from schemas.errors import Fault
from serving.process import address, records
from serving.process.members import members
from serving.process.settings import HOST

_FIRST, _COUNT = (
    20_000,
    10_000,
)  # below the ports that outgoing connections get, which would take one away while we restart


def is_free(port: int, host: str = HOST) -> bool:
    """Say whether a server could listen there now."""
    with socket.socket(address.family(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def choose(home: Path, name: str, avoid: Set[int] = frozenset(), host: str = HOST) -> int:
    """Return a free port for a new service, the same one for the same name where that is possible."""
    taken = {other.port for one in records.names(home) if one != name and (other := records.read(home, one))} | avoid
    start = zlib.crc32(f"{home.absolute()}/{name}".encode()) % _COUNT
    candidates = (_FIRST + (start + step) % _COUNT for step in range(_COUNT))
    return next(port for port in candidates if port not in taken and is_free(port, host))


def faults(home: Path, name: str, spec: DeploySpec) -> list[Fault]:
    """Return what keeps the service from its port: somebody else listens there."""
    if spec.port == "auto":
        return []
    mine = records.read(home, name)
    if (mine is None or mine.port == spec.port) and members(records.settings_path(home, name)):
        return []
    if is_free(spec.port, spec.host):
        return []
    return [
        Fault(
            "deploy.port",
            f"port {spec.port} on {spec.host} is in use by another program",
            "stop it, choose another port, or leave the choice to us with deploy.port=auto",
        )
    ]
