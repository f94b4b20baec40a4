"""Ports of services and of containers."""

import re
from collections.abc import Iterator
from typing import Any

from schemas.errors import Fault
from serving.kubernetes.place import Place

_NAME = r"(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9\-]{0,13}[a-z0-9])?"


def service_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with the ports of a service."""
    spec = place.inside("spec")
    ports = spec.entries("ports")
    if not ports:
        yield spec.fault("ports", "it has no port")
    if not spec.inside("selector").values:
        yield spec.fault("selector", "it chooses no pods")
    for port in ports:
        yield from number_faults(port, "port")
        target = port.values.get("targetPort")
        if isinstance(target, str):
            yield from _name_faults(port, "targetPort")
        elif target is not None:
            yield from number_faults(port, "targetPort")
    yield from _twice(ports, "name")
    yield from _twice(ports, "port")


def container_port_faults(container: Place) -> Iterator[Fault]:
    """Yield what is wrong with the ports of a container."""
    ports = container.entries("ports")
    for port in ports:
        yield from number_faults(port, "containerPort")
        if "name" in port.values:
            yield from _name_faults(port, "name")
    yield from _twice(ports, "name")


def number_faults(place: Place, key: str) -> Iterator[Fault]:
    """Yield that a number is none of a port."""
    value = place.values.get(key)
    if not is_port(value):
        yield place.fault(key, f"{value!r} is no port", "1 to 65535")


def is_port(value: Any) -> bool:
    """Say whether a value is the number of a port."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65_535


def _name_faults(port: Place, key: str) -> Iterator[Fault]:
    if not re.fullmatch(_NAME, str(port.values[key])):
        yield port.fault(
            key, f"{port.values[key]!r} cannot be the name of a port", "lower-case letters, digits, -; at most 15"
        )


def _twice(ports: list[Place], key: str) -> Iterator[Fault]:
    seen: list[Any] = []
    for port in ports:
        value = port.values.get(key)
        if value is not None and value in seen:
            yield port.fault(key, f"{value!r} is there twice")
        seen.append(value)
