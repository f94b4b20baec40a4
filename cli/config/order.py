"""Faults as a person meets them: at the place that was written, in the order of the configuration."""

from dataclasses import replace

from cli.config.reading import Reading
from schemas.errors import Fault

_ORDER = (
    "name",
    "pipeline",
    "seed",
    "metric",
    "data",
    "split",
    "trainer",
    "baseline",
    "review",
    "package",
    "gate",
    "deploy",
    "journal",
    "monitor",
    "retrain",
    "batch",
    "capacity",
    "stack",
)


def where_declared(reading: Reading) -> Reading:
    """Put each fault of what was moved at the place where it was declared."""
    return replace(reading, faults=tuple(_declared_place(fault, reading) for fault in reading.faults))


def in_order(reading: Reading) -> Reading:
    """Sort the faults; those of keys that no run has come first."""
    return replace(reading, faults=tuple(sorted(reading.faults, key=_position)))


def top_key(fault: Fault) -> str:
    """Return `stack` for a fault at `stack.resources[0]`."""
    return fault.path.split(".")[0].split("[")[0]


def _declared_place(fault: Fault, reading: Reading) -> Fault:
    for place, declared in reading.moved.items():
        if fault.path.startswith(place):
            return replace(fault, path=fault.path.replace(place, declared, 1))
    return fault


def _position(fault: Fault) -> tuple[int, str]:
    top = top_key(fault)
    return (_ORDER.index(top) if top in _ORDER else -1, fault.path)
