"""What keeps steps from running on the declared Ray cluster, or on this machine: asked before anything begins."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from schemas.errors import Fault
from schemas.home import Home
from schemas.stack import Resources, StackSpec
from stacks.ray import cluster, probe

_ADDRESS = "stack.orchestrator.settings.address"
_HINT = "ask for less, or add such a node; of a cluster that grows say stack.orchestrator.settings.autoscales=true"


def faults(spec: StackSpec, sqlite: bool, home: Home) -> list[Fault]:
    """Return what is wrong, all at once.

    Args:
        spec: The declared stack.
        sqlite: Whether ZenML's store is a SQLite file of this machine.
        home: DRIVETRAIN_HOME, which knows the cluster that earlier commands have started.
    """
    if spec.orchestrator.flavor != cluster.FLAVOR:
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
    """Say what no cluster that is started here could give, or that one runs which was started otherwise."""
    import psutil

    known, asked = cluster.record_of(home), cluster.asked(spec.orchestrator.settings)
    if known is not None and (why := cluster.differs(known, asked)):
        yield Fault("stack.orchestrator.settings", why, cluster.STOP)
        return
    has = {
        "CPU": asked["cpus"] or float(os.cpu_count() or 1),
        "GPU": float(len(list(Path("/dev").glob("nvidia[0-9]*")))) if asked["gpus"] is None else asked["gpus"],
        "memory": float(psutil.virtual_memory().total),
    }
    yield from _too_much(spec, (has,), "this machine")


def _too_much(spec: StackSpec, nodes: tuple[Mapping[str, float], ...], whose: str) -> Iterator[Fault]:
    found = probe.Cluster("", "", (), nodes)
    for step, need in spec.resources.items():
        asked = _asked(need)
        if not probe.fits(found, asked):
            has = "; ".join(_said(node) for node in nodes) or "no node"
            what = f"it asks for {_said(asked)}, and no node of {whose} has that: {has}"
            yield Fault(f"stack.resources.{step}", what, _HINT)


def _said(amounts: Mapping[str, float]) -> str:
    """Return what is asked for, or what a node has, for a person."""
    units = {"CPU": 1.0, "GPU": 1.0, "memory": 2.0**30}
    known = [(name, amounts[name] / unit) for name, unit in units.items() if name in amounts]
    return ", ".join(f"{amount:.3g} {'GiB of memory' if name == 'memory' else name}" for name, amount in known)


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
    if spec.artifact_store.flavor == "local" and not spec.artifact_store.settings.get("path"):
        what = "the artifact store is a folder of this machine, and the cluster has other machines"
        hint = "use one that all reach: stack=ray_s3, or say stack.artifact_store.settings.path of a shared folder"
        yield Fault("stack.artifact_store.flavor", what, hint)
