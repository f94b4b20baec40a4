"""The connection of a run to a Ray cluster, made before ZenML is imported where the cluster runs already.

Ray starts a worker in a second, and ends it with the connection. One that is asked for ahead starts on another core
while this process imports. Nobody waits for what is done ahead: where it fails, the run does it again and tells why.
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
from stacks.ray.backend import RayBackend
from stacks.ray.connection import connected, told_plainly
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
    """A connection to a cluster, for one run."""

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
        with told_plainly(place.address):
            self._box = mailbox(self._ray, kept=place.is_ours)
            self._warm_up = self._ray.remote(num_cpus=_LITTLE, max_retries=0)(tasks.warm_up)
        if not place.is_ours:
            self._open.callback(_end, self._ray, self._box)
        self._place = place

    def close(self) -> None:
        """End the connection, and with it all that runs for it."""
        self._place = None
        self._open.close()

    def warm_up(self) -> None:
        """Have a worker get ready on a cluster of ours: the one that is idle, or one more. Nobody waits for it."""
        if self._place is not None and self._place.is_ours:
            with told_plainly(self._place.address):
                self._warm_up.remote(self._environment)

    def open_store(self, environment: dict[str, str]) -> None:
        """Have the process of the first steps open its store, and one that is warmed up later its own."""
        self._environment = environment
        if environment:
            self.warm_up()

    @contextmanager
    def backend(self, place: Place, *, is_here: bool, lost_after: float, pending_after: float) -> Iterator[Backend]:
        """Give what runs the steps of the run; what is asked for is as `RayBackend` says.

        Raises:
            DrivetrainError: If the cluster does not let this process in.
        """
        try:
            self.join(place)
            expected = {"lost_after": lost_after, "pending_after": pending_after}
            # A second worker gets ready for what will run beside the first.
            with RayBackend(self._ray, self._box, self.warm_up, is_here=is_here, **expected) as backend:
                yield backend
        finally:
            self.close()


def _end(ray: Any, actor: Any) -> None:
    with suppress(Exception):  # the cluster may be gone as well, and the actor with it
        ray.kill(actor)


_ahead: list[Connection] = []


@contextmanager
def joined_ahead(spec: StackSpec, home: Home) -> Iterator[Callable[[], None]]:
    """Join a cluster of this home's at once, for the first run in the block.

    Args:
        spec: The declared stack; nothing happens for one that does not run on Ray.
        home: DRIVETRAIN_HOME, which knows the cluster that earlier commands have started.

    Yields:
        What to call once ZenML's store is open and the stack chosen: the process of the first steps opens it, too.
    """
    connection = Connection()
    record = _running(spec, home)
    if record is not None:
        with suppress(DrivetrainError):  # whatever is wrong is told by the run, once all else that is wrong is known
            connection.join(place_here(home, record))
            connection.warm_up()
            _ahead.append(connection)
    try:
        yield partial(_open_store, connection)
    finally:
        if connection in _ahead:
            _ahead.remove(connection)
        connection.close()


def _running(spec: StackSpec, home: Home) -> cluster.ClusterRecord | None:
    """Return the cluster of this home if a run of the stack would use it; what is declared may still be nonsense."""
    settings = spec.orchestrator.settings
    is_here = spec.orchestrator.flavor == cluster.FLAVOR and settings.get("address", "local") == "local"
    record = cluster.record_of(home) if is_here and find_spec("ray") is not None else None
    try:
        return None if record is None or cluster.differs(record, cluster.asked(settings)) else record
    except ValueError:
        return None


def _open_store(connection: Connection) -> None:
    if connection not in _ahead:
        return
    from stacks.remote.orchestrator import shared_environment

    with suppress(DrivetrainError):  # the run tells it
        connection.open_store(shared_environment())


def place_here(home: Home, record: cluster.ClusterRecord) -> Place:
    """Return how the cluster of a home is reached."""
    return Place(record.address, source_folder(home), cluster.environment(home), is_ours=True)


def connection() -> Connection:
    """Return the connection that was made ahead for the next run, or one that is not made yet."""
    return _ahead.pop() if _ahead else Connection()
