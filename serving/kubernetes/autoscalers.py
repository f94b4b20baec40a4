"""Autoscalers: how many replicas, of what, and how quickly."""

from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import SUBDOMAIN, amount
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.kinds import group
from serving.kubernetes.metrics import metric_faults, segment_faults
from serving.kubernetes.names import name_faults
from serving.kubernetes.numbers import is_whole, number_faults
from serving.kubernetes.place import Place

_LONGEST_PERIOD, _LONGEST_WINDOW = 1_800, 3_600
_SCALED = {"apps": ("Deployment", "ReplicaSet", "StatefulSet"), "": ("ReplicationController",)}


def autoscaler_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with an autoscaler; one without metrics goes by 80 % of CPU."""
    spec = place.inside("spec")
    yield from _target_faults(spec.inside("scaleTargetRef"))
    yield from _bounds(spec)
    if place.text("apiVersion") == "autoscaling/v1":
        yield from _first_version_faults(spec)
        return
    for metric in spec.entries("metrics"):
        yield from metric_faults(metric)
    for way in ("scaleUp", "scaleDown"):
        yield from _behaviour_faults(spec.inside("behavior").inside(way))


def _first_version_faults(spec: Place) -> Iterator[Fault]:
    yield from number_faults(spec, "targetCPUUtilizationPercentage", "percent", 1)
    for key in ("metrics", "behavior"):
        if key in spec.values:
            yield spec.fault(key, "autoscaling/v1 has no such thing", "apiVersion: autoscaling/v2")


def _target_faults(target: Place) -> Iterator[Fault]:
    yield from name_faults(target, "name", SUBDOMAIN)
    kind, version = target.text("kind"), target.text("apiVersion")
    if "." in group(version):  # of an extension, of which nothing is known here
        yield from segment_faults(target, "kind")
        return
    known = _SCALED.get(group(version), ())
    if kind in known:
        return
    right = [f"{where}/v1".lstrip("/") for where, kinds in _SCALED.items() if kind in kinds]
    if right:
        yield target.fault("apiVersion", f"{version!r} has no {kind}", right[0])
    else:
        hint = f"known: {', '.join(known or _SCALED['apps'])}"
        yield target.fault("kind", f"{kind!r} of {version} cannot be scaled", hint)


def _bounds(spec: Place) -> Iterator[Fault]:
    yield from number_faults(spec, "minReplicas", "replicas at least", 1)
    yield from number_faults(spec, "maxReplicas", "replicas at most", 1, is_needed=True)
    least, most = spec.values.get("minReplicas", 1), spec.values.get("maxReplicas")
    if is_whole(least, 1) and is_whole(most, 1) and least > most:
        yield spec.fault("maxReplicas", f"{most} at most is fewer than {least} at least (minReplicas)")


def _behaviour_faults(way: Place) -> Iterator[Fault]:
    yield from number_faults(way, "stabilizationWindowSeconds", "seconds", 0, _LONGEST_WINDOW)
    yield from choice_faults(way, "selectPolicy", ("Max", "Min", "Disabled"))
    tolerance = way.text("tolerance")
    if tolerance is not None and amount(tolerance) is None:
        yield way.fault("tolerance", f"{tolerance!r} is no quantity", "0.1")
    if way.values.get("policies") == []:
        yield way.fault("policies", "there is none", "leave it out, for those that Kubernetes has")
    for policy in way.entries("policies"):
        yield from choice_faults(policy, "type", ("Pods", "Percent"), is_needed=True)
        yield from number_faults(policy, "value", "pods or percent", 1, is_needed=True)
        yield from number_faults(policy, "periodSeconds", "seconds", 1, _LONGEST_PERIOD, is_needed=True)
