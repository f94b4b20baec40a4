"""Kinds of manifests: which are looked at, and which there cannot be."""

from collections.abc import Iterator

from schemas.errors import Fault, did_you_mean
from serving.kubernetes.place import Place

_VERSIONS = {
    "HorizontalPodAutoscaler": ("autoscaling/v2", "autoscaling/v1"),
    "Deployment": ("apps/v1",),
    "Service": ("v1",),
}
_KINDS = {
    "v1": (
        *("Binding", "ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "Node", "PersistentVolume"),
        *("PersistentVolumeClaim", "Pod", "PodTemplate", "ReplicationController", "ResourceQuota", "Secret"),
        *("Service", "ServiceAccount"),
    ),
    "apps/v1": ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
}
"""What a version has; every other one may be of an extension, of which nothing is known here."""


def group(version: str | None) -> str:
    """Return the group of an `apiVersion`: that of `apps/v1` is `apps`, that of `v1` is empty."""
    return (version or "").rpartition("/")[0]


def kind_of(place: Place) -> str | None:
    """Return the kind of a manifest that is looked at; None for all others, and for those of extensions."""
    kind = place.text("kind")
    return kind if kind in _VERSIONS and "." not in group(place.text("apiVersion")) else None


def kind_faults(place: Place) -> Iterator[Fault]:
    """Yield that there is no such kind, or not in this version."""
    kind, version, own = place.text("kind"), place.text("apiVersion"), kind_of(place)
    if not kind:
        yield place.fault("kind", "it does not say what it is")
    elif not version or (own and version not in _VERSIONS[own]):
        yield place.fault("apiVersion", f"{version!r} has no {kind}", " or ".join(_VERSIONS.get(kind, ())))
    elif version in _KINDS and kind not in _KINDS[version]:
        near = did_you_mean(kind, list(_KINDS[version]))
        yield place.fault("kind", f"{version} has no {kind!r}.{near}" if near else f"{version} has no {kind!r}")
