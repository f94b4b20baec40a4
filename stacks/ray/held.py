"""A command's connection to a Ray cluster: opened before its first run where that is possible, and held for all.

Ray starts a worker in a second, and ends it with the connection. So a command has one connection for all of its runs,
and joins a cluster that runs already before it imports ZenML: the workers start on other cores meanwhile.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from schemas.errors import DrivetrainError
from schemas.home import Home
from schemas.stack import StackSpec
from stacks.ray import cluster, tasks
from stacks.ray.backend import ClusterGoneError, RayBackend
from stacks.ray.connection import connected
from stacks.ray.post import Post
from stacks.remote.backend import Backend
from stacks.remote.source import source_folder

_WORKERS = 2  # as many steps of most pipelines run at the same time
_LITTLE = 0.001  # of a CPU: a worker that another run's steps leave no room for is not waited for


@dataclass(frozen=True)
class Place:
    """What a connection depends on: an address as `ray.init` takes it, our code, variables that it needs."""

    address: str
    code: Path
    variables: dict[str, str]


@dataclass
class _Connection:
    """At most one connection at a time."""

    place: Place | None = None
    ray: Any = None
    post: Post | None = None
    _open: ExitStack = field(default_factory=ExitStack)

    def join(self, place: Place) -> tuple[Any, Post]:
        """Return the connection to a place, which is made where there is another or none."""
        if self.post is None or self.place != place:
            self.close()
            self.ray = self._open.enter_context(connected(place.address, place.code, place.variables))
            self.post = Post(self.ray)
            self._open.callback(self.post.close)
            self.place = place
        return self.ray, self.post

    def close(self) -> None:
        """End the connection, and with it all that runs for it."""
        self.place = self.ray = self.post = None
        self._open.close()


_held: list[_Connection] = []


@contextmanager
def held(spec: StackSpec, home: Home) -> Iterator[None]:
    """Hold the connection that a run makes in the block until its end; join a cluster of this home's at once.

    Args:
        spec: The declared stack; nothing happens for one that does not run on Ray.
        home: DRIVETRAIN_HOME, which knows the cluster that earlier commands have started.
    """
    if spec.orchestrator.flavor != cluster.FLAVOR:
        yield
        return
    connection = _Connection()
    try:
        _join_ahead(connection, spec, home)
        _held.append(connection)
        yield
    finally:
        if connection in _held:
            _held.remove(connection)
        connection.close()


def _join_ahead(connection: _Connection, spec: StackSpec, home: Home) -> None:
    settings = spec.orchestrator.settings
    record = cluster.record_of(home) if settings.get("address", "local") == "local" else None
    if record is None or cluster.differs(record, cluster.asked(settings)) or find_spec("ray") is None:
        return
    try:
        ray, _ = connection.join(place_here(home, record))
    except DrivetrainError:  # whatever is wrong is told by the run, once all else that is wrong is known
        return
    warm_up = ray.remote(num_cpus=_LITTLE, max_retries=0)(tasks.warm_up)
    for _ in range(_WORKERS):
        warm_up.remote()


def place_here(home: Home, record: cluster.ClusterRecord) -> Place:
    """Return how the cluster of a home is reached."""
    return Place(record.address, source_folder(home), cluster.environment(home))


@contextmanager
def backend(place: Place, *, is_here: bool, lost_after: float, pending_after: float) -> Iterator[Backend]:
    """Give what runs the steps of one run there.

    Args:
        place: The cluster.
        is_here: Whether every node of the cluster is on this machine.
        lost_after: Seconds without a sign of life after which an attempt counts as lost.
        pending_after: Seconds that a step may wait for room.

    Raises:
        DrivetrainError: If the cluster does not let this process in.
    """
    with ExitStack() as own:
        if _held:
            connection = _held[-1]
        else:
            own.callback((connection := _Connection()).close)
        try:
            ray, post = connection.join(place)
            with RayBackend(ray, post, is_here=is_here, lost_after=lost_after, pending_after=pending_after) as found:
                yield found
        except ClusterGoneError:
            connection.close()
            raise
