"""What a cluster would refuse of manifests, or never make work, though their types allow it.

Validators of schemas let it through: fewer than no replicas, a selector that finds no pod, a port that there is not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from schemas.errors import ConfigurationError, Fault
from serving.kubernetes.autoscalers import autoscaler_faults
from serving.kubernetes.names import metadata_faults
from serving.kubernetes.place import Place
from serving.kubernetes.pods import pod_faults
from serving.kubernetes.ports import service_faults

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
        "Deployment": _deployment_faults,
        "Service": service_faults,
    }
    yield from checks[kind](place)


def _deployment_faults(place: Place) -> Iterator[Fault]:
    spec = place.inside("spec")
    replicas = spec.values.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        yield spec.fault("replicas", f"{replicas} replicas cannot be", "0 or more")
    template = spec.inside("template")
    labels = template.inside("metadata").inside("labels").values
    wanted = spec.inside("selector").inside("matchLabels")
    if not wanted.values:
        yield spec.fault("selector", "it chooses no pods")
    for key, value in wanted.values.items():
        if labels.get(key) != value:
            has = f"the pods have {labels[key]!r}" if key in labels else "the pods have no such label"
            yield wanted.fault(key, f"{value!r} chooses none of its own pods: {has}", template.at("metadata.labels"))
    yield from pod_faults(template.inside("spec"))


def _among(place: Place, places: Sequence[Place]) -> Iterator[Fault]:
    """Yield what one manifest expects of the others in the file, where they are there."""
    deployments = [one for one in places if one.text("kind") == "Deployment"]
    if place.text("kind") == "HorizontalPodAutoscaler" and deployments:
        target = place.inside("spec").inside("scaleTargetRef")
        names = [one.inside("metadata").text("name") for one in deployments]
        if target.text("kind") == "Deployment" and target.text("name") not in names:
            yield target.fault(
                "name", f"there is no Deployment {target.text('name')!r}", f"here: {', '.join(map(str, names))}"
            )
        for one in deployments:
            if one.inside("metadata").text("name") == target.text("name") and "replicas" in one.inside("spec").values:
                hint = "leave it out: each time it is applied it would undo the autoscaler's"
                yield one.fault("spec.replicas", "an autoscaler decides how many there are", hint)
    if place.text("kind") == "Service" and deployments:
        yield from _chosen(place, deployments)


def _chosen(service: Place, deployments: Sequence[Place]) -> Iterator[Fault]:
    """Yield that a service finds no pod, or asks for a port that it has not."""
    selector = service.inside("spec").inside("selector")
    templates = [one.inside("spec").inside("template") for one in deployments]
    found = [one for one in templates if _has(one.inside("metadata").inside("labels").values, selector.values)]
    if not found:
        yield service.fault("spec.selector", "it chooses no pods of the Deployments here")
        return
    ports = [
        port
        for one in found
        for container in one.inside("spec").entries("containers")
        for port in container.entries("ports")
    ]
    known = {value for port in ports for value in (port.values.get("name"), port.values.get("containerPort"))}
    for port in service.inside("spec").entries("ports"):
        wanted = port.values.get("targetPort", port.values.get("port"))
        if wanted not in known:
            yield port.fault("targetPort", f"the pods have no port {wanted!r}")


def _has(labels: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())
