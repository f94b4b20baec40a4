"""Ports of services and of containers."""

import re
from collections.abc import Iterator
from typing import Any

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, SUBDOMAIN
from serving.kubernetes.names import name_faults
from serving.kubernetes.numbers import is_whole, twice
from serving.kubernetes.place import Place

_NAME = r"(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9\-]{0,13}[a-z0-9])?"
_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")


def service_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with a service, above all with its ports."""
    spec = place.inside("spec")
    kind = spec.values.get("type", "ClusterIP")
    ports = spec.entries("ports")
    if kind not in _TYPES:
        yield spec.fault("type", f"{kind!r} is no type of a service", f"known: {', '.join(_TYPES)}")
    if kind == "ExternalName":  # another name for what is elsewhere: neither pods nor ports
        yield from name_faults(spec, "externalName", SUBDOMAIN)
    else:
        if not ports and spec.text("clusterIP") != "None":
            yield spec.fault("ports", "it has no port")
        if not spec.inside("selector").values:
            yield spec.fault("selector", "it chooses no pods")
    for port in ports:
        yield from _port_faults(port, kind, has_others=len(ports) > 1)
    yield from twice(ports, "name")
    yield from twice(ports, "port", lambda port: port.values.get("protocol", "TCP"))


def container_port_faults(container: Place) -> Iterator[Fault]:
    """Yield what is wrong with the ports of a container."""
    ports = container.entries("ports")
    for port in ports:
        yield from _number_faults(port, "containerPort")
        if port.values.get("hostPort") is not None:
            yield from _number_faults(port, "hostPort")
        if "name" in port.values:
            yield from _name_faults(port, "name")
    yield from twice(ports, "name")


def is_port(value: Any) -> bool:
    """Say whether a value is the number of a port."""
    return is_whole(value, 1, 65_535)


def _port_faults(port: Place, kind: str, *, has_others: bool) -> Iterator[Fault]:
    yield from _number_faults(port, "port")
    target = port.values.get("targetPort")
    if isinstance(target, str):
        yield from _name_faults(port, "targetPort")
    elif target is not None:
        yield from _number_faults(port, "targetPort")
    if port.values.get("nodePort"):  # 0: none
        yield from _number_faults(port, "nodePort")
        if kind not in ("NodePort", "LoadBalancer"):
            yield port.fault("nodePort", f"a service of type {kind} has none", "type: NodePort")
    if "name" in port.values:
        yield from _name_faults(port, "name", LABEL)
    elif has_others:
        yield port.fault("name", "one of several ports needs a name")


def _number_faults(place: Place, key: str) -> Iterator[Fault]:
    value = place.values.get(key)
    if not is_port(value):
        yield place.fault(key, f"{value!r} is no port", "1 to 65535")


def _name_faults(port: Place, key: str, pattern: str = _NAME) -> Iterator[Fault]:
    if not re.fullmatch(pattern, str(port.values[key])):
        hint = "lower-case letters, digits, -" + ("; at most 15" if pattern == _NAME else "")
        yield port.fault(key, f"{port.values[key]!r} cannot be the name of a port", hint)
