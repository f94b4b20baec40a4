"""Regions, machine types and accelerators of Google Cloud: what `gcp.json` lists, with its source."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from schemas.stack import Machine
from stacks.checks.clouds.machines import Catalog, in_gib


@cache
def lists() -> dict[str, Any]:
    """Return the lists as they are shipped."""
    read: dict[str, Any] = json.loads(Path(__file__).with_name("gcp.json").read_text(encoding="utf-8"))
    return read


def regions() -> list[str]:
    """Return the regions."""
    found: list[str] = lists()["regions"]
    return found


@cache
def catalog(service: str) -> Catalog:
    """Return the machine types; `service` is what a person is told has none of a name."""
    general = {
        f"{family}-{cores}": Machine(cpu_count=int(cores), memory=in_gib(int(cores) * per_core))
        for family, (per_core, sizes) in lists()["general"].items()
        for cores in sizes.split()
    }
    with_gpus = {
        name: Machine(cpu_count=cores, memory=in_gib(memory), gpu_count=gpus)
        for name, (cores, memory, _, gpus) in lists()["with_gpus"].items()
    }
    return Catalog(service, {**general, **with_gpus})


@cache
def accelerators() -> Mapping[str, list[int]]:
    """Return the accelerators by Vertex's names, each with how many a machine may have."""
    counts: dict[str, set[int]] = {name: set(found) for name, found in lists()["attached_to_n1"].items()}
    for _, _, name, gpus in lists()["with_gpus"].values():
        counts.setdefault(name, set()).add(gpus)
    return {name: sorted(found) for name, found in counts.items()}


def built_in(machine_type: str) -> tuple[str, int] | None:
    """Return the accelerator that a machine type always has and how many; None where it has none of its own."""
    found = lists()["with_gpus"].get(machine_type)
    return None if found is None else (found[2], found[3])


def attachable(machine_type: str) -> Mapping[str, list[int]]:
    """Return what may be attached to a machine type, with how many."""
    found: dict[str, list[int]] = lists()["attached_to_n1"] if machine_type.startswith("n1-") else {}
    return found
