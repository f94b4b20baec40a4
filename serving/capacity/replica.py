"""A copy of a service for the load: same code, package and limits, with a port and a journal of its own.

What is predicted under load is no traffic: it must not stand in the journal that monitoring reads. The copy's folder
goes when it ends; what a killed run left of one is ended by the next.
"""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from schemas.errors import DeploymentError
from serving.journal.location import sqlite_url
from serving.process import launch, port, records
from serving.process.members import members
from serving.process.probe import until_ready
from serving.process.records import Deployment
from serving.releases.publisher import publish

_EVERY = 0.5  # seconds between two looks at what the processes take
_PATIENCE = 60.0


@dataclass
class Usage:
    """What a replica's processes took: at each look the time (monotonic), bytes, and seconds of a core so far."""

    looks: list[tuple[float, int, float]] = field(default_factory=list)

    @property
    def most_bytes(self) -> int:
        """The most memory."""
        return max((size for _, size, _ in self.looks), default=0)

    def cores(self, began: float, ended: float) -> float:
        """Return the cores that were used between two times."""
        within = [look for look in self.looks if began <= look[0] <= ended]
        if len(within) < 2:
            within = self.looks[-2:]
        (first, _, used), (last, _, then) = within[0], within[-1]
        return (then - used) / (last - first) if last > first else 0.0


@dataclass(frozen=True)
class Served:
    """A deployed service below DRIVETRAIN_HOME, the version that it has in production, and where its package is."""

    home: Path
    deployment: Deployment
    version: str
    package_url: str


@dataclass(frozen=True)
class Replica:
    """A copy that runs; `start_seconds` is how long it took from its start to ready, with a package to load."""

    port: int
    start_seconds: float
    usage: Usage


@contextmanager
def replica(served: Served) -> Iterator[Replica]:
    """Run a copy of a deployed service while the block runs.

    Raises:
        DeploymentError: If it does not come up, or another run has one of this model.
    """
    deployment, version = served.deployment, served.version
    name, folder = deployment.name, served.home / "capacity" / deployment.name
    with records.lock(folder, name):
        _end(folder, name)
        try:
            copied = _started(folder, deployment)
            publish(copied.journal_url, version, served.package_url, timeout=_PATIENCE + deployment.spec.load_seconds)
            launch.end(folder, name)
            began = time.monotonic()
            copied = _started(folder, deployment)
            status, text = until_ready(copied.url, _PATIENCE + deployment.spec.load_seconds, version)
            if status != 200:
                raise DeploymentError(f"A copy of the service does not become ready: {text.strip()}")
            ready = time.monotonic() - began
            with _watched(folder, name) as usage:
                yield Replica(copied.port, ready, usage)
        finally:
            _end(folder, name)


def _started(folder: Path, deployment: Deployment) -> Deployment:
    spec = deployment.spec.model_copy(update={"host": "127.0.0.1", "port": "auto", "open": False, "telemetry": False})
    return launch.start(
        folder,
        deployment.name,
        spec,
        sqlite_url(folder / "journal.db"),
        deployment.journal,
        deployment.code_hash,
        deployment.bento,
        port.choose(folder, deployment.name, {deployment.port}),
    )


def _end(folder: Path, name: str) -> None:
    launch.end(folder, name)
    for left in (folder / "deployments").glob(f"{name}*"):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    for left in folder.glob("journal.db*"):
        left.unlink(missing_ok=True)


@contextmanager
def _watched(folder: Path, name: str) -> Iterator[Usage]:
    usage, over = Usage(), threading.Event()
    processes = members(records.settings_path(folder, name))

    def look() -> None:
        while True:
            usage.looks.append(_taken(processes))
            if over.wait(_EVERY):
                return

    thread = threading.Thread(target=look, name="usage", daemon=True)
    thread.start()
    try:
        yield usage
    finally:
        over.set()
        thread.join()


def _taken(processes: list[psutil.Process]) -> tuple[float, int, float]:
    """Return the time, and the bytes and seconds of a core that processes have taken."""
    size, used = 0, 0.0
    for process in processes:
        with suppress(psutil.Error):
            memory = process.memory_full_info()
            size += getattr(memory, "pss", 0) or memory.rss  # pages that several share are counted once
            times = process.cpu_times()
            used += times.user + times.system
    return time.monotonic(), size, used
