"""What is changed in manifests that were rendered."""

from collections.abc import Callable
from typing import Any

from schemas.capacity import CapacityRecord
from serving.kubernetes.checks import faults
from serving.kubernetes.place import Place

Manifest = dict[str, Any]
Change = Callable[[list[Manifest]], None]
MEASURED = CapacityRecord(
    version="3",
    requests_per_second=2500.0,
    at_least=False,
    latency_budget=0.1,
    rows_per_request=1,
    p50_seconds=0.002,
    p99_seconds=0.08,
    memory_bytes=240_000_000,
    cpu_cores=1.13,
    start_seconds=2.2,
    planned=1750.0,
    min_replicas=2,
    max_replicas=10,
    sent=100,
)


def change(*steps: Any) -> Change:
    """Return what puts the last of `steps` where the others lead."""

    def changed(parts: list[Manifest]) -> None:
        at: Any = parts
        *path, key, value = steps
        for step in path:
            at = at[step]
        at[key] = value

    return changed


def all_of(*changes: Change) -> Change:
    """Return what makes several changes."""

    def changed(parts: list[Manifest]) -> None:
        for each in changes:
            each(parts)

    return changed


def without(*steps: Any) -> Change:
    """Return what takes out that to which `steps` lead."""

    def changed(parts: list[Manifest]) -> None:
        at: Any = parts
        *path, key = steps
        for step in path:
            at = at[step]
        del at[key]

    return changed


def beside(*others: Manifest) -> Change:
    """Return what puts more manifests behind those that there are."""
    return lambda parts: parts.extend(others)


POD = (0, "spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
ROLLING = (0, "spec", "strategy", "rollingUpdate")
HOUSE = {"app.kubernetes.io/name": "drivetrain-house"}
HTTP = {"name": "http", "port": 80, "targetPort": "http"}
INIT = {"name": "before", "image": "busybox"}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
EXPRESSION = {"key": "app.kubernetes.io/name", "operator": "In", "values": ["drivetrain-house"]}
TARGET = (2, "spec", "metrics", 0, "resource", "target")


def found(parts: list[Manifest]) -> list[str]:
    """Return the faults of manifests, as people read them."""
    return [str(fault) for fault in faults([Place.of(number, one) for number, one in enumerate(parts)])]
