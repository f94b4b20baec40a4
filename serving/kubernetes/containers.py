"""Containers: what they ask for, their probes, ports, mounts and variables."""

import re
from collections.abc import Collection, Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, SUBDOMAIN, VARIABLE, quantity
from serving.kubernetes.names import name_faults
from serving.kubernetes.numbers import number_faults, twice
from serving.kubernetes.place import Place
from serving.kubernetes.ports import container_port_faults, is_port

_AMOUNTS = ("cpu", "memory", "ephemeral-storage")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_ASKS = ("httpGet", "tcpSocket", "grpc")
_KEY = r"[A-Za-z0-9._\-]{1,253}"


def container_faults(container: Place, volumes: Collection[str | None]) -> Iterator[Fault]:
    """Yield what is wrong with a container, of those before the others start, too; `volumes` are those of its pod."""
    yield from name_faults(container, "name", LABEL)
    if not (container.text("image") or "").strip():
        yield container.fault("image", "there is no image")
    yield from container_port_faults(container)
    yield from _amount_faults(container.inside("resources"))
    yield from _probe_faults(container)
    mounts = container.entries("volumeMounts")
    for mount in mounts:
        if mount.text("name") not in volumes:
            yield mount.fault("name", f"there is no volume {mount.text('name')!r}")
    yield from twice(mounts, "mountPath")
    for variable in container.entries("env"):
        yield from _variable_faults(variable)


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
    names, numbers = [port.text("name") for port in ports], [port.values.get("containerPort") for port in ports]
    for key in _PROBES:
        probe = container.inside(key)
        for asked in (probe.inside(way) for way in _ASKS):
            port = asked.values.get("port")
            if asked.values and not (port in names or (is_port(port) and (not numbers or port in numbers))):
                yield asked.fault("port", f"the container has no port {port!r}")
        yield from number_faults(probe, "initialDelaySeconds", "seconds", 0)
        for amount in ("periodSeconds", "timeoutSeconds", "terminationGracePeriodSeconds"):
            yield from number_faults(probe, amount, "seconds", 1)
        for amount in ("failureThreshold", "successThreshold"):
            yield from number_faults(probe, amount, "times", 1)


def _variable_faults(variable: Place) -> Iterator[Fault]:
    if not re.fullmatch(VARIABLE, variable.text("name") or ""):
        yield variable.fault("name", f"{variable.text('name')!r} cannot be the name of a variable")
    for source in ("secretKeyRef", "configMapKeyRef"):
        reference = variable.inside("valueFrom").inside(source)
        if reference.values:
            yield from name_faults(reference, "name", SUBDOMAIN)
            if not re.fullmatch(_KEY, reference.text("key") or ""):
                yield reference.fault("key", f"{reference.text('key')!r} cannot be a key", "letters, digits, - _ and .")
