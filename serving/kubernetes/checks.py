"""What a cluster would refuse of manifests, or never make work, though their types allow it.

Validators of schemas let it through: fewer than no replicas, a selector that finds no pod, a port that there is not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import yaml

from schemas.errors import ConfigurationError, Fault
from serving.kubernetes.autoscalers import autoscaler_faults, unasked_faults
from serving.kubernetes.deployments import deployment_faults
from serving.kubernetes.names import metadata_faults
from serving.kubernetes.place import Place
from serving.kubernetes.ports import service_faults
from serving.kubernetes.selectors import has

_OWN = {"HorizontalPodAutoscaler": "autoscaling/v2", "Deployment": "apps/v1", "Service": "v1"}


def checked(text: str) -> list[Fault]:
    """Return all faults of a file of manifests, with their places. Raises ConfigurationError if it is no YAML."""
    try:
        documents = [one for one in yaml.safe_load_all(text) if one is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else ""
        raise ConfigurationError([Fault(where, "this is no YAML")], "The manifests cannot be read") from error
    places = [Place.of(number, one) for number, one in enumerate(documents)]
    if not places:
        return [Fault("", "there is no manifest in it")]
    return [fault for place in places for fault in [*_of_one(place), *_among(place, places)]]


def _of_one(place: Place) -> Iterator[Fault]:
    kind = place.text("kind")
    if kind not in _OWN:
        yield place.fault("kind", f"{kind!r} is not looked at here", f"known: {', '.join(_OWN)}")
        return
    if place.text("apiVersion") != _OWN[kind]:
        yield place.fault("apiVersion", f"{place.text('apiVersion')!r} has no {kind}", _OWN[kind])
    yield from metadata_faults(place)
    checks: Mapping[str, Callable[[Place], Iterator[Fault]]] = {
        "HorizontalPodAutoscaler": autoscaler_faults,
        "Deployment": deployment_faults,
        "Service": service_faults,
    }
    yield from checks[kind](place)


def _among(place: Place, places: Sequence[Place]) -> Iterator[Fault]:
    """Yield what one manifest expects of the others in the file, where they are there."""
    deployments = [one for one in places if one.text("kind") == "Deployment"]
    if place.text("kind") == "HorizontalPodAutoscaler" and deployments:
        yield from _scaled(place, deployments)
    if place.text("kind") == "Service" and deployments and place.inside("spec").text("type") != "ExternalName":
        yield from _chosen(place, deployments)


def _scaled(autoscaler: Place, deployments: Sequence[Place]) -> Iterator[Fault]:
    """Yield that an autoscaler has no Deployment, or one that it cannot scale."""
    target = autoscaler.inside("spec").inside("scaleTargetRef")
    if target.text("kind") != "Deployment":
        return
    names = [one.inside("metadata").text("name") for one in deployments]
    if target.text("name") not in names:
        here = f"here: {', '.join(map(str, names))}"
        yield target.fault("name", f"there is no Deployment {target.text('name')!r}", here)
    for one in deployments:
        if one.inside("metadata").text("name") != target.text("name"):
            continue
        yield from unasked_faults(autoscaler, one)
        if "replicas" in one.inside("spec").values:
            hint = "leave it out: each time it is applied it would undo the autoscaler's"
            yield one.fault("spec.replicas", "an autoscaler decides how many there are", hint)


def _chosen(service: Place, deployments: Sequence[Place]) -> Iterator[Fault]:
    """Yield that a service finds no pod, or asks for a port that it has not."""
    selector = service.inside("spec").inside("selector")
    templates = [one.inside("spec").inside("template") for one in deployments]
    found = [one for one in templates if has(one.inside("metadata").inside("labels").values, selector.values)]
    if not found:
        yield service.fault("spec.selector", "it chooses no pods of the Deployments here")
        return
    ports = [
        port
        for one in found
        for container in one.inside("spec").entries("containers")
        for port in container.entries("ports")
    ]
    known = [value for port in ports for value in (port.values.get("name"), port.values.get("containerPort"))]
    for port in service.inside("spec").entries("ports"):
        wanted = port.values.get("targetPort", port.values.get("port"))
        if wanted not in known:
            yield port.fault("targetPort", f"the pods have no port {wanted!r}")
