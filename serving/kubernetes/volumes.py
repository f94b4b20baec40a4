"""Volumes of pods, and where containers mount them."""

from collections.abc import Collection, Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, SUBDOMAIN, amount
from serving.kubernetes.choices import choice_faults, one_of_faults
from serving.kubernetes.names import name_faults
from serving.kubernetes.numbers import twice
from serving.kubernetes.place import Place

_SOURCES = {"secret": "secretName", "configMap": "name", "persistentVolumeClaim": "claimName"}


def volume_faults(volumes: Collection[Place]) -> Iterator[Fault]:
    """Yield what is wrong with the volumes of a pod; one without a source is an empty folder."""
    for volume in volumes:
        yield from name_faults(volume, "name", LABEL)
        sources = [key for key in volume.values if key != "name"]
        yield from one_of_faults(volume, sources, "source", is_needed=False)
        for source, key in _SOURCES.items():
            if volume.values.get(source) is not None:
                yield from name_faults(volume.inside(source), key, SUBDOMAIN)
        size = volume.inside("emptyDir").text("sizeLimit")
        if size is not None and amount(size) is None:
            yield volume.inside("emptyDir").fault("sizeLimit", f"{size!r} is no quantity", "500Mi, 5Gi")
    yield from twice(volumes, "name")


def mount_faults(container: Place, volumes: Collection[str | None]) -> Iterator[Fault]:
    """Yield what is wrong with the mounts of a container; `volumes` are the names of those of its pod."""
    mounts = container.entries("volumeMounts")
    for mount in mounts:
        path = mount.text("mountPath")
        if mount.text("name") not in volumes:
            yield mount.fault("name", f"there is no volume {mount.text('name')!r}")
        if not path or ":" in path:
            yield mount.fault("mountPath", f"{path!r} is no path to mount at", "one without colon, such as /data")
        yield from _part_faults(mount)
        yield from choice_faults(mount, "mountPropagation", ("None", "HostToContainer", "Bidirectional"))
    yield from twice([mount for mount in mounts if mount.text("mountPath")], "mountPath")


def _part_faults(mount: Place) -> Iterator[Fault]:
    """Yield that a part of a volume is none within it."""
    yield from one_of_faults(
        mount, [key for key in ("subPath", "subPathExpr") if mount.text(key)], "part", is_needed=False
    )
    for key in ("subPath", "subPathExpr"):
        part = mount.text(key) or ""
        if part.startswith("/") or ".." in part.split("/"):
            yield mount.fault(key, f"{part!r} is no path within the volume")
