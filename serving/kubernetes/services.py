"""Services: their types, addresses and ports."""

import re
from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, QUALIFIED
from serving.kubernetes.addresses import OPEN, address_faults, outside_faults
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.names import label_faults
from serving.kubernetes.numbers import number_faults, twice
from serving.kubernetes.place import Place
from serving.kubernetes.ports import NODE_PORT_HINT, PROTOCOLS, is_node_port, port_name_faults, port_number_faults

_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
_LONGEST_AFFINITY = 86_400
_CHOICES = {
    "sessionAffinity": ("ClientIP", "None"),
    "internalTrafficPolicy": ("Cluster", "Local"),
    "trafficDistribution": ("PreferClose", "PreferSameZone", "PreferSameNode"),
}


def service_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with a service, above all with its ports."""
    spec = place.inside("spec")
    kind = spec.text("type") or "ClusterIP"
    ports = spec.entries("ports")
    if kind not in _TYPES:
        yield spec.fault("type", f"{kind!r} is no type of a service", f"known: {', '.join(_TYPES)}")
    for key, known in _CHOICES.items():
        yield from choice_faults(spec, key, known)
    yield from address_faults(spec, kind)
    if kind in _TYPES:
        yield from outside_faults(spec, kind)
    yield from _affinity_faults(spec)
    yield from label_faults(spec.inside("selector"))
    for port in ports:
        yield from _port_faults(port, kind, has_others=len(ports) > 1)
    yield from twice(ports, "name")
    yield from twice(ports, "port", _protocol)
    yield from twice([port for port in ports if port.values.get("nodePort")], "nodePort", _protocol)


def _protocol(port: Place) -> str:
    return port.text("protocol") or "TCP"


def _affinity_faults(spec: Place) -> Iterator[Fault]:
    kept = spec.inside("sessionAffinityConfig")
    if kept.values and spec.text("sessionAffinity") != "ClientIP":
        yield spec.fault(
            "sessionAffinityConfig", "sessionAffinity keeps nobody with a pod", "sessionAffinity: ClientIP"
        )
    yield from number_faults(kept.inside("clientIP"), "timeoutSeconds", "seconds", 1, _LONGEST_AFFINITY)


def _port_faults(port: Place, kind: str, *, has_others: bool) -> Iterator[Fault]:
    yield from port_number_faults(port, "port")
    yield from choice_faults(port, "protocol", PROTOCOLS)
    target = port.values.get("targetPort")
    if target and isinstance(target, str):
        yield from port_name_faults(port, "targetPort")
    elif target:  # 0, or nothing: as the port
        yield from port_number_faults(port, "targetPort")
    yield from _node_port_faults(port, kind)
    yield from _application_faults(port)
    if port.text("name"):
        yield from port_name_faults(port, "name", LABEL)
    elif has_others:
        yield port.fault("name", "one of several ports needs a name")


def _application_faults(port: Place) -> Iterator[Fault]:
    name = port.text("appProtocol")
    if name is not None and not re.fullmatch(QUALIFIED, name):
        yield port.fault("appProtocol", f"{name!r} cannot be the name of a protocol", "http, kubernetes.io/h2c")


def _node_port_faults(port: Place, kind: str) -> Iterator[Fault]:
    value = port.values.get("nodePort")
    if not value:  # 0: the cluster chooses one
        return
    if kind not in OPEN:
        yield port.fault("nodePort", f"a service of type {kind} has none", "type: NodePort")
    elif not is_node_port(value):
        yield port.fault("nodePort", f"{value!r} is no port of a node", NODE_PORT_HINT)
