"""Pods: containers, what they ask for, their probes and volumes."""

import re
from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, VARIABLE, quantity
from serving.kubernetes.names import name_faults
from serving.kubernetes.place import Place
from serving.kubernetes.ports import container_port_faults, is_port

_AMOUNTS = ("cpu", "memory", "ephemeral-storage")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def pod_faults(spec: Place) -> Iterator[Fault]:
    """Yield what is wrong with the pods of a template."""
    containers, volumes = spec.entries("containers"), spec.entries("volumes")
    if not containers:
        yield spec.fault("containers", "there is no container")
    for volume in volumes:
        yield from name_faults(volume, "name", LABEL)
    names = {volume.text("name") for volume in volumes}
    for container in containers:
        yield from name_faults(container, "name", LABEL)
        yield from container_port_faults(container)
        yield from _amount_faults(container.inside("resources"))
        yield from _probe_faults(container)
        for mount in container.entries("volumeMounts"):
            if mount.text("name") not in names:
                yield mount.fault("name", f"there is no volume {mount.text('name')!r}")
        for variable in container.entries("env"):
            if not re.fullmatch(VARIABLE, variable.text("name") or ""):
                yield variable.fault("name", f"{variable.text('name')!r} cannot be the name of a variable")


def _amount_faults(resources: Place) -> Iterator[Fault]:
    requests, limits = resources.inside("requests"), resources.inside("limits")
    for place in (requests, limits):
        for key, value in place.values.items():
            amount = quantity(str(value))
            if amount is None:
                yield place.fault(key, f"{value!r} is no quantity", "2, 500m, 4Gi")
            elif "/" in key and amount != amount.to_integral_value():
                yield place.fault(key, f"{value} of a device: only whole ones are given")
            elif "/" not in key and key not in _AMOUNTS:
                yield place.fault(key, f"Kubernetes has no resource {key!r}", f"known: {', '.join(_AMOUNTS)}")
    for key, value in requests.values.items():
        asked, most = quantity(str(value)), quantity(str(limits.values.get(key, "")))
        if asked is not None and most is not None and asked > most:
            yield requests.fault(key, f"asks for {value}, more than its limit, {limits.values[key]}")


def _probe_faults(container: Place) -> Iterator[Fault]:
    ports = container.entries("ports")
    names, numbers = {port.text("name") for port in ports}, {port.values.get("containerPort") for port in ports}
    for key in _PROBES:
        asked = container.inside(key).inside("httpGet")
        port = asked.values.get("port")
        if asked.values and not (port in names or (is_port(port) and (not numbers or port in numbers))):
            yield asked.fault("port", f"the container has no port {port!r}")
        for amount in ("periodSeconds", "timeoutSeconds", "failureThreshold"):
            value = container.inside(key).values.get(amount, 1)
            if not isinstance(value, int) or value < 1:
                yield container.inside(key).fault(amount, f"{value!r} cannot be", "1 or more")
