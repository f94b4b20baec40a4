"""The `drivetrain_ray` orchestrator: each step is a Ray task with the step's CPUs, GPUs and memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from pydantic import Field
from zenml.orchestrators import BaseOrchestratorConfig, BaseOrchestratorFlavor

from schemas.home import Home
from stacks.remote.backend import Backend, Backends
from stacks.remote.orchestrator import RemoteOrchestrator
from stacks.remote.source import source_folder


class RayOrchestratorConfig(BaseOrchestratorConfig):
    """Settings of the orchestrator."""

    address: str = Field(
        default="local",
        min_length=1,
        description="local: a cluster on this machine, started where there is none; HOST:PORT of a head, from a node "
        "of its cluster; auto: the cluster of this node (RAY_ADDRESS, or the last one); ray://HOST:PORT from elsewhere",
    )
    cpus: float | None = Field(default=None, gt=0, description="cores of a cluster that is started here; null: all")
    gpus: float | None = Field(default=None, ge=0, description="GPUs of a cluster that is started here; null: all")
    lost_after: float = Field(
        default=25.0, ge=5, description="seconds without a sign of life after which a step counts as lost"
    )
    pending_after: float = Field(default=600.0, gt=0, description="seconds that a step may wait for room")
    autoscales: bool = Field(default=False, description="whether the cluster grows: more than it has may be asked for")

    @property
    def is_local(self) -> bool:
        """Whether its machines are this one."""
        return self.address == "local"

    @property
    def is_synchronous(self) -> bool:
        """The command waits for the run."""
        return True

    @property
    def handles_step_retries(self) -> bool:
        """A lost process cannot try again; the command does."""
        return True


class RayOrchestrator(RemoteOrchestrator):
    """Runs steps on a Ray cluster."""

    @property
    def config(self) -> RayOrchestratorConfig:
        """The orchestrator's settings."""
        return cast(RayOrchestratorConfig, self._config)

    def backend(self) -> Backends:
        """Return the cluster, started where it is one of this machine and not there."""
        return _backend(self.config)


@contextmanager
def _backend(config: RayOrchestratorConfig) -> Iterator[Backend]:
    from stacks.ray import ahead, cluster
    from stacks.ray.probe import probe, resolved

    home = Home.here()
    if config.is_local:
        place, is_here = ahead.place_here(home, cluster.ensure(home, config.cpus, config.gpus)), True
    else:
        address = config.address if config.address.startswith("ray://") else resolved(config.address)
        is_here = not address.startswith("ray://") and probe(address).is_here
        place = ahead.Place(address, source_folder(home), {})
    expected = {"lost_after": config.lost_after, "pending_after": config.pending_after}
    with ahead.connection().backend(place, is_here=is_here, **expected) as backend:
        yield backend


class RayOrchestratorFlavor(BaseOrchestratorFlavor):
    """Registers the orchestrator with ZenML."""

    @property
    def name(self) -> str:
        """The flavor's name."""
        return "drivetrain_ray"

    @property
    def config_class(self) -> type[RayOrchestratorConfig]:
        """The settings' class."""
        return RayOrchestratorConfig

    @property
    def implementation_class(self) -> type[RayOrchestrator]:
        """The orchestrator's class."""
        return RayOrchestrator
