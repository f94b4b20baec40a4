"""Pods: their containers and volumes."""

from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, SUBDOMAIN, quantity
from serving.kubernetes.containers import container_faults
from serving.kubernetes.names import name_faults
from serving.kubernetes.numbers import number_faults, twice
from serving.kubernetes.place import Place

_SOURCES = {"secret": "secretName", "configMap": "name", "persistentVolumeClaim": "claimName"}


def pod_faults(spec: Place) -> Iterator[Fault]:
    """Yield what is wrong with the pods of a template."""
    containers, volumes = spec.entries("containers"), spec.entries("volumes")
    if not containers:
        yield spec.fault("containers", "there is no container")
    yield from number_faults(spec, "terminationGracePeriodSeconds", "seconds", 0)
    for volume in volumes:
        yield from _volume_faults(volume)
    yield from twice(volumes, "name")
    names = {volume.text("name") for volume in volumes}
    everyone = [*spec.entries("initContainers"), *containers]
    for container in everyone:
        yield from container_faults(container, names)
    yield from twice(everyone, "name")


def _volume_faults(volume: Place) -> Iterator[Fault]:
    yield from name_faults(volume, "name", LABEL)
    for source, key in _SOURCES.items():
        if source in volume.values:
            yield from name_faults(volume.inside(source), key, SUBDOMAIN)
    size = volume.inside("emptyDir").text("sizeLimit")
    if size is not None and quantity(size) is None:
        yield volume.inside("emptyDir").fault("sizeLimit", f"{size!r} is no quantity", "500Mi, 5Gi")
