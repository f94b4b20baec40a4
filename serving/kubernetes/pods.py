"""Pods: their containers and volumes."""

from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, SUBDOMAIN
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.containers import container_faults
from serving.kubernetes.names import name_faults
from serving.kubernetes.nodes import node_faults
from serving.kubernetes.numbers import INT64, number_faults, twice
from serving.kubernetes.place import Place
from serving.kubernetes.ports import host_port_faults
from serving.kubernetes.probes import PROBES
from serving.kubernetes.volumes import volume_faults

_NAMES = {
    **dict.fromkeys(("serviceAccountName", "serviceAccount", "nodeName"), SUBDOMAIN),
    **dict.fromkeys(("priorityClassName", "runtimeClassName"), SUBDOMAIN),
    **dict.fromkeys(("hostname", "subdomain"), LABEL),
}
_DNS = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")


def pod_faults(spec: Place) -> Iterator[Fault]:
    """Yield what is wrong with the pods of a template."""
    containers, volumes = spec.entries("containers"), spec.entries("volumes")
    if not containers:
        yield spec.fault("containers", "there is no container")
    yield from number_faults(spec, "terminationGracePeriodSeconds", "seconds", 0, INT64)
    yield from choice_faults(spec, "dnsPolicy", _DNS)
    for key, pattern in _NAMES.items():
        if spec.text(key):
            yield from name_faults(spec, key, pattern)
    yield from node_faults(spec)
    yield from volume_faults(volumes)
    names = {volume.text("name") for volume in volumes}
    everyone = [*spec.entries("initContainers"), *containers]
    for container in everyone:
        yield from container_faults(container, names)
        if spec.values.get("hostNetwork") is True:
            yield from host_port_faults(container)
    yield from twice(everyone, "name")
    for container in spec.entries("initContainers"):
        yield from _before_faults(container)


def lasting(spec: Place) -> list[Place]:
    """Return the containers of pods that run on: not those that end before the others start."""
    before = [one for one in spec.entries("initContainers") if _is_sidecar(one)]
    return [*spec.entries("containers"), *before]


def _is_sidecar(container: Place) -> bool:
    return container.text("restartPolicy") == "Always"


def _before_faults(container: Place) -> Iterator[Fault]:
    for key in (*PROBES, "lifecycle"):
        if container.values.get(key) is not None and not _is_sidecar(container):
            yield container.fault(key, "it ends before the others start, and has none", "restartPolicy: Always")
