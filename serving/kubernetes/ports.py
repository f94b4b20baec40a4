"""Ports of containers, and what ports are anywhere."""

import re
from collections.abc import Iterator
from typing import Any

from schemas.errors import Fault
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.numbers import is_whole, twice
from serving.kubernetes.place import Place

PORT_NAME = r"(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9\-]{0,13}[a-z0-9])?"
"""A name of RFC 6335, as ports of containers have it."""
_NODE_PORTS = (30_000, 32_767)
NODE_PORT_HINT = "{} to {}, unless your cluster was given other ones".format(*_NODE_PORTS)
PROTOCOLS = ("TCP", "UDP", "SCTP")


def container_port_faults(container: Place) -> Iterator[Fault]:
    """Yield what is wrong with the ports of a container."""
    ports = container.entries("ports")
    for port in ports:
        yield from port_number_faults(port, "containerPort")
        if port.values.get("hostPort"):  # 0: none
            yield from port_number_faults(port, "hostPort")
        if port.text("name"):
            yield from port_name_faults(port, "name")
        yield from choice_faults(port, "protocol", PROTOCOLS)
    yield from twice(ports, "name")


def host_port_faults(container: Place) -> Iterator[Fault]:
    """Yield ports of the node that are others than the container's, whose network is that of the node."""
    for port in container.entries("ports"):
        if port.values.get("hostPort") and port.values["hostPort"] != port.values.get("containerPort"):
            says = f"{port.values['hostPort']} is not its containerPort, though the pod is in the node's network"
            yield port.fault("hostPort", says)


def is_port(value: Any) -> bool:
    """Say whether a value is the number of a port."""
    return is_whole(value, 1, 65_535)


def is_node_port(value: Any) -> bool:
    """Say whether a value is a port that services have on nodes."""
    return is_whole(value, *_NODE_PORTS)


def port_number_faults(place: Place, key: str) -> Iterator[Fault]:
    """Yield that what stands at a key is no number of a port."""
    value = place.values.get(key)
    if not is_port(value):
        yield place.fault(key, f"{value!r} is no port", "1 to 65535")


def port_name_faults(port: Place, key: str, pattern: str = PORT_NAME) -> Iterator[Fault]:
    """Yield that what stands at a key cannot be the name of a port."""
    if not re.fullmatch(pattern, str(port.values[key])):
        hint = "lower-case letters, digits, -" + ("; at most 15" if pattern == PORT_NAME else "")
        yield port.fault(key, f"{port.values[key]!r} cannot be the name of a port", hint)
