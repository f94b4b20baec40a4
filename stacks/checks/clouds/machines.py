"""Machine types: which exist, what they have, and whether a step asks for more than that."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.errors import Fault, did_you_mean, listed
from schemas.stack import Machine, StackSpec

_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


@dataclass(frozen=True)
class Catalog:
    """The machine types of one service.

    Attributes:
        service: Its name for people.
        machines: What each type has; None where that is not in our lists, so that only its existence is checked.
        newer: Where a type that is not in the lists is declared.
    """

    service: str
    machines: Mapping[str, Machine | None]
    newer: str = "stack.newer.machines"

    def faults(self, path: str, name: str, spec: StackSpec) -> list[Fault]:
        """Return a fault if there is no such machine type, with the nearest one that there is."""
        if name in self.machines or name in spec.newer.machines:
            return []
        known = sorted(self.machines)
        near = [other for other in known if _family(other) == _family(name)]
        same = [other for other in known if other.endswith(f".{name}")]  # m5.xlarge where ml.m5.xlarge is meant
        what = f"{self.service} has no machine type {name!r}.{did_you_mean(name, same or near or known)}"
        sizes = f"of that family there are {listed(near)}; " if near else ""
        newer = f"one newer than our lists is declared by {self.newer}, with what it has"
        return [Fault(path, what, f"{sizes}{newer}")]

    def machine(self, name: str | None, spec: StackSpec) -> Machine | None:
        """Return what a type has; None where it is unknown."""
        if name is None:
            return None
        return spec.newer.machines.get(name) or self.machines.get(name)


def gib(memory: str) -> float:
    """Return a declared memory (`4GiB`) in GiB."""
    number, unit = re.fullmatch(r"([0-9]+)(\w+)", memory).groups()  # type: ignore[union-attr]  # the schema's pattern
    return float(number) * _UNITS[unit] / 2**30


def in_gib(number: float) -> str:
    """Return GiB as they are declared."""
    return f"{int(number)}GiB" if number == int(number) else f"{int(number * 1024)}MiB"


def asked_too_much(spec: StackSpec, name: str, machine: Machine, path: str) -> list[Fault]:
    """Return what steps ask for that a machine does not have.

    Args:
        spec: The stack.
        name: The machine's type, for people.
        machine: What it has.
        path: The key that chose the machine.
    """
    faults: list[Fault] = []
    for step, need in spec.resources.items():
        at, hint = f"stack.resources.{step}", f"choose a larger machine by {path}, or ask for less"
        if need.gpu_count and need.gpu_count > machine.gpu_count:
            has = f"{machine.gpu_count}" if machine.gpu_count else "none"
            faults.append(Fault(f"{at}.gpu_count", f"asks for {need.gpu_count} GPUs, and {name} has {has}", hint))
        if need.cpu_count and machine.cpu_count and need.cpu_count > machine.cpu_count:
            what = f"asks for {need.cpu_count:g} cores, and {name} has {machine.cpu_count:g}"
            faults.append(Fault(f"{at}.cpu_count", what, hint))
        if need.memory and machine.memory and gib(need.memory) > gib(machine.memory):
            what = f"asks for {need.memory}, and {name} has {machine.memory}"
            faults.append(Fault(f"{at}.memory", what, hint))
    return faults


def region_faults(path: str, name: str, regions: Sequence[str], spec: StackSpec, service: str) -> list[Fault]:
    """Return a fault if a cloud has no such region."""
    if name in regions or name in spec.newer.regions:
        return []
    what = f"{service} has no region {name!r}.{did_you_mean(name, list(regions))}"
    return [Fault(path, what, f"one newer than our lists is declared by stack.newer.regions=[{name}]")]


def _family(name: str) -> str:
    """Return what machine types of one family share: ml.g5.xlarge → ml.g5, n1-standard-4 → n1-standard."""
    return name.rpartition(".")[0] or name.rpartition("-")[0] or name
