"""What a cluster would refuse of manifests, or never make work, though their types allow it.

Validators of schemas let it through: fewer than no replicas, a selector that finds no pod, a port that there is not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from schemas.errors import Fault
from serving.kubernetes.autoscalers import autoscaler_faults
from serving.kubernetes.chosen import chosen_faults
from serving.kubernetes.deployments import deployment_faults
from serving.kubernetes.kinds import group, kind_faults, kind_of
from serving.kubernetes.names import metadata_faults, namespace
from serving.kubernetes.place import Place
from serving.kubernetes.scaled import rival_faults, scaled_faults
from serving.kubernetes.services import service_faults
from serving.kubernetes.yaml_rules import load

_CHECKS: Mapping[str, Callable[[Place], Iterator[Fault]]] = {
    "HorizontalPodAutoscaler": autoscaler_faults,
    "Deployment": deployment_faults,
    "Service": service_faults,
}


def checked(text: str) -> list[Fault]:
    """Return all faults of a file of manifests, with their places. Raises ConfigurationError if it is no YAML."""
    return faults(read(text))


def read(text: str) -> list[Place]:
    """Return the manifests of a file, those of its lists by themselves. Raises ConfigurationError if it is no YAML."""
    documents = [one for each in load(text) if each is not None for one in _listed(each)]
    return [Place.of(number, one) for number, one in enumerate(documents)]


def faults(places: Sequence[Place]) -> list[Fault]:
    """Return all faults of the manifests of one file, each by itself and with one another."""
    if not places:
        return [Fault("", "there is no manifest in it")]
    return [*(fault for place in places for fault in _of_one(place)), *_among(places)]


def unseen(places: Sequence[Place]) -> list[str]:
    """Return what the manifests are called that are not looked at."""
    return [place.path for place in places if kind_of(place) is None]


def _listed(document: Any) -> list[Any]:
    items = document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else None
    return items if isinstance(items, list) else [document]


def _of_one(place: Place) -> Iterator[Fault]:
    yield from kind_faults(place)
    kind = kind_of(place)
    if kind is not None:
        yield from metadata_faults(place)
        yield from _CHECKS[kind](place)


def _among(places: Sequence[Place]) -> Iterator[Fault]:
    """Yield what manifests expect of the others in the file, where they are there."""
    deployments, services, autoscalers = (
        [one for one in places if kind_of(one) == kind] for kind in ("Deployment", "Service", "HorizontalPodAutoscaler")
    )
    yield from _twice(places)
    yield from rival_faults(autoscalers)
    if deployments:
        for one in autoscalers:
            yield from scaled_faults(one, deployments)
        for one in services:
            yield from chosen_faults(one, places)


def _twice(places: Sequence[Place]) -> Iterator[Fault]:
    seen: set[tuple[str, ...]] = set()
    for place in places:
        kind, name = place.text("kind"), place.inside("metadata").text("name")
        if kind and name:
            key = (group(place.text("apiVersion")), kind, namespace(place), name)
            if key in seen:
                yield place.fault("metadata.name", f"{name!r} is there twice", f"in namespace {namespace(place)}")
            seen.add(key)
