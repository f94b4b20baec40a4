"""What keeps steps from running on the declared Ray cluster, or on this machine: asked before anything begins."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from schemas.errors import Fault
from schemas.home import Home
from schemas.stack import Resources, StackSpec
from stacks.ray import cluster, probe

FLAVOR = "drivetrain_ray"
_ADDRESS = "stack.orchestrator.settings.address"
_NAMES = ("CPU", "GPU", "memory")


def faults(spec: StackSpec, sqlite: bool, home: Home) -> list[Fault]:
    """Return what is wrong, all at once.

    Args:
        spec: The declared stack.
        sqlite: Whether ZenML's store is a SQLite file of this machine.
        home: DRIVETRAIN_HOME, which knows the cluster that earlier commands have started.
    """
    if spec.orchestrator.flavor != FLAVOR:
        return []
    address = str(spec.orchestrator.settings.get("address", "local"))
    if address == "local":
        return list(_on_this_machine(spec, home))
    if address.startswith("ray://"):
        return [*_client_faults(address), *_elsewhere(spec, sqlite)]
    try:
        found = probe.probe(probe.resolved(address))
    except probe.UnreachableError as error:
        what = f"no Ray cluster can be reached at {address}: {error}"
        return [Fault(_ADDRESS, what, "start it (ray start --head), or say stack.orchestrator.settings.address=local")]
    if why := probe.mismatch(found):
        what = f"the Ray cluster at {address} is of another version: {why}"
        return [Fault(_ADDRESS, what, "install the same on both")]
    wrong = [] if found.is_here else list(_elsewhere(spec, sqlite))
    grows = bool(spec.orchestrator.settings.get("autoscales", False))
    return wrong if grows else wrong + list(_too_much(spec, found.nodes, f"the Ray cluster at {address}"))


def _on_this_machine(spec: StackSpec, home: Home) -> Iterator[Fault]:
    """Say what no cluster that is started here could give; one that runs is replaced where the stack says other."""
    import psutil

    given = spec.orchestrator.settings
    known = cluster.record_of(home)
    cpus = given.get("cpus") or (known.asked["cpus"] if known else None) or os.cpu_count() or 1
    gpus = given.get("gpus")
    has = {
        "CPU": float(str(cpus)),
        "GPU": float(len(list(Path("/dev").glob("nvidia[0-9]*"))) if gpus is None else str(gpus)),
        "memory": float(psutil.virtual_memory().total),
    }
    yield from _too_much(spec, (has,), "this machine")


def _too_much(spec: StackSpec, nodes: tuple[Mapping[str, float], ...], whose: str) -> Iterator[Fault]:
    found = probe.Cluster("", "", (), nodes)
    for step, need in spec.resources.items():
        asked = _asked(need)
        if not probe.fits(found, asked):
            wants = ", ".join(f"{amount:g} {name}" for name, amount in asked.items())
            has = probe.largest(found, _NAMES)
            hint = "ask for less, add such a node, or say stack.orchestrator.settings.autoscales=true where it grows"
            yield Fault(f"stack.resources.{step}", f"it asks for {wants}, and no node of {whose} has that: {has}", hint)


def _asked(need: Resources) -> dict[str, float]:
    from zenml.config import ResourceSettings

    memory = ResourceSettings(memory=need.memory).get_memory("B") if need.memory else None
    asked = {"CPU": need.cpu_count or 1.0, "GPU": float(need.gpu_count or 0), "memory": memory or 0.0}
    return {name: amount for name, amount in asked.items() if amount}


def _client_faults(address: str) -> Iterator[Fault]:
    try:
        probe.require_listener(address.removeprefix("ray://"))
    except probe.UnreachableError as error:
        hint = "start it with ray start --head --ray-client-server-port=10001, and forward the port"
        yield Fault(_ADDRESS, f"no Ray cluster can be reached at {address}: {error}", hint)


def _elsewhere(spec: StackSpec, sqlite: bool) -> Iterator[Fault]:
    """Say what of this machine the nodes of other machines could not use."""
    if sqlite:
        what = "ZenML's store is a file of this machine, and the cluster has other machines"
        yield Fault("stack.orchestrator", what, "use a ZenML server: docs/stacks/local_rest.md")
    if spec.artifact_store.flavor == "local":
        what = "the artifact store is a folder of this machine, and the cluster has other machines"
        yield Fault("stack.artifact_store.flavor", what, "use one that all reach: stack=ray_s3")
