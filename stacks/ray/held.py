"""A command's connection to a Ray cluster: opened before its first run where that is possible, and held for all.

Ray starts a worker in a second, and ends it with the connection. So a command has one connection for all of its runs,
and joins a cluster that runs already before it imports ZenML: the workers start on other cores meanwhile.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from schemas.errors import DrivetrainError
from schemas.home import Home
from schemas.stack import StackSpec
from stacks.ray import cluster, tasks
from stacks.ray.backend import ClusterGoneError, RayBackend
from stacks.ray.connection import connected
from stacks.ray.mailbox import mailbox
from stacks.remote.backend import Backend
from stacks.remote.source import source_folder

_LITTLE = 0.001  # of a CPU: a worker that another run's steps leave no room for is not waited for


@dataclass(frozen=True)
class Place:
    """How a cluster is reached.

    `address` is as `ray.init` takes it, `code` the folder of our packages, `variables` what the connection needs, and
    `is_ours` says whether a command of ours has started it: what outlives a command may be left there.
    """

    address: str
    code: Path
    variables: dict[str, str]
    is_ours: bool = False


class Connection:
    """A command's connection to a cluster: at most one at a time."""

    def __init__(self) -> None:
        self._place: Place | None = None
        self._ray: Any = None
        self._box: Any = None
        self._warm_up: Any = None
        self._environment: dict[str, str] = {}
        self._open = ExitStack()

    def join(self, place: Place) -> None:
        """Connect to a cluster, if that is not done.

        Raises:
            DrivetrainError: If it does not let this process in.
        """
        if self._place == place:
            return
        self.close()
        self._ray = self._open.enter_context(connected(place.address, place.code, place.variables))
        self._box = mailbox(self._ray, f"mailbox-{place.code.name}" if place.is_ours else None)
        if not place.is_ours:
            self._open.callback(_end, self._ray, self._box)
        self._warm_up = self._ray.remote(num_cpus=_LITTLE, max_retries=0)(tasks.warm_up)
        self._place = place

    def close(self) -> None:
        """End the connection, and with it all that runs for it."""
        self._place = None
        self._open.close()

    def warm_up(self) -> None:
        """Have a worker get ready: the one that is idle, or one more. Nobody waits for it."""
        if self._place is not None and self._place.is_ours:
            self._warm_up.remote(self._environment)

    def open_store(self, environment: dict[str, str]) -> None:
        """Have the process of the first steps open its store, and those that are warmed up later theirs."""
        self._environment = environment
        if environment:
            self.warm_up()

    @contextmanager
    def backend(self, place: Place, *, is_here: bool, lost_after: float, pending_after: float) -> Iterator[Backend]:
        """Give what runs the steps of one run; what is asked for is as `RayBackend` says.

        Raises:
            DrivetrainError: If the cluster does not let this process in.
        """
        self.join(place)
        expected = {"lost_after": lost_after, "pending_after": pending_after}
        try:
            with RayBackend(self._ray, self._box, is_here=is_here, **expected) as backend:
                backend.on_first_step = self.warm_up  # a second worker, for what will run beside it
                yield backend
        except ClusterGoneError:
            self.close()
            raise


def _end(ray: Any, actor: Any) -> None:
    with suppress(Exception):  # the cluster may be gone as well, and the actor with it
        ray.kill(actor)


_held: list[Connection] = []


@contextmanager
def held(spec: StackSpec, home: Home) -> Iterator[Callable[[], None]]:
    """Hold the connection that runs in the block make until its end; join a cluster of this home's at once.

    Args:
        spec: The declared stack; nothing happens for one that does not run on Ray.
        home: DRIVETRAIN_HOME, which knows the cluster that earlier commands have started.

    Yields:
        What to call once ZenML's store is open and the stack chosen: the process of the first steps opens it, too.
    """
    if spec.orchestrator.flavor != cluster.FLAVOR:
        yield _nothing
        return
    connection = Connection()
    try:
        _join_ahead(connection, spec, home)
        _held.append(connection)
        yield partial(_open_store, connection)
    finally:
        if connection in _held:
            _held.remove(connection)
        connection.close()


def _nothing() -> None:
    """Do nothing: the stack does not run on Ray."""


def _join_ahead(connection: Connection, spec: StackSpec, home: Home) -> None:
    settings = spec.orchestrator.settings
    record = cluster.record_of(home) if settings.get("address", "local") == "local" else None
    if record is None or cluster.differs(record, cluster.asked(settings)) or find_spec("ray") is None:
        return
    try:
        connection.join(place_here(home, record))
    except DrivetrainError:  # whatever is wrong is told by the run, once all else that is wrong is known
        return
    connection.warm_up()


def _open_store(connection: Connection) -> None:
    from stacks.remote.orchestrator import shared_environment

    connection.open_store(shared_environment())


def place_here(home: Home, record: cluster.ClusterRecord) -> Place:
    """Return how the cluster of a home is reached."""
    return Place(record.address, source_folder(home), cluster.environment(home), is_ours=True)


@contextmanager
def connection() -> Iterator[Connection]:
    """Give the connection that is held, or one for this block."""
    if _held:
        yield _held[-1]
        return
    own = Connection()
    try:
        yield own
    finally:
        own.close()
