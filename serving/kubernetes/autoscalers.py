"""Autoscalers: how many replicas, and by which figure."""

from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import SUBDOMAIN, quantity
from serving.kubernetes.names import name_faults
from serving.kubernetes.numbers import is_whole, number_faults
from serving.kubernetes.place import Place

_LONGEST_PERIOD, _LONGEST_WINDOW = 1_800, 3_600
_SCALED = ("Deployment", "ReplicaSet", "StatefulSet")
_TARGETS = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}


def autoscaler_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with an autoscaler."""
    spec = place.inside("spec")
    yield from _target_faults(spec.inside("scaleTargetRef"))
    yield from _bounds(spec)
    if not spec.entries("metrics"):
        yield spec.fault("metrics", "it goes by no figure")
    for metric in spec.entries("metrics"):
        yield from _metric_faults(metric)
    for way in ("scaleUp", "scaleDown"):
        yield from _behaviour_faults(spec.inside("behavior").inside(way))


def _target_faults(target: Place) -> Iterator[Fault]:
    yield from name_faults(target, "name", SUBDOMAIN)
    kind = target.text("kind")
    if target.text("apiVersion") == "apps/v1" and kind not in _SCALED:
        yield target.fault("kind", f"{kind!r} of apps/v1 cannot be scaled", f"known: {', '.join(_SCALED)}")


def _bounds(spec: Place) -> Iterator[Fault]:
    yield from number_faults(spec, "minReplicas", "replicas at least", 1)
    yield from number_faults(spec, "maxReplicas", "replicas at most", 1, is_needed=True)
    least, most = spec.values.get("minReplicas", 1), spec.values.get("maxReplicas")
    if is_whole(least, 1) and is_whole(most, 1) and least > most:
        yield spec.fault("maxReplicas", f"{most} at most is fewer than {least} at least (minReplicas)")


def _metric_faults(metric: Place) -> Iterator[Fault]:
    kind = metric.text("type") or ""
    own = kind[:1].lower() + kind[1:]
    source = metric.inside(own)
    if not source.values:
        yield metric.fault(own or "type", f"a metric of type {kind!r} is declared there, and nothing is")
        return
    target = source.inside("target")
    key = _TARGETS.get(target.text("type") or "")
    if key is None:
        yield target.fault("type", f"{target.text('type')!r} is no type of a target", f"known: {', '.join(_TARGETS)}")
    elif key == "averageUtilization":
        yield from number_faults(target, key, "percent", 1, is_needed=True)
    elif not (amount := quantity(target.text(key) or "")):
        yield target.fault(
            key, f"{target.text(key)!r} is no quantity above 0" if amount is None else "0 of it is never reached"
        )


def _behaviour_faults(way: Place) -> Iterator[Fault]:
    yield from number_faults(way, "stabilizationWindowSeconds", "seconds", 0, _LONGEST_WINDOW)
    for policy in way.entries("policies"):
        yield from number_faults(policy, "value", "pods or percent", 1, is_needed=True)
        yield from number_faults(policy, "periodSeconds", "seconds", 1, _LONGEST_PERIOD, is_needed=True)


def unasked_faults(autoscaler: Place, deployment: Place) -> Iterator[Fault]:
    """Yield containers that ask for nothing of what an autoscaler goes by a share of: it would never know one."""
    names = {
        metric.inside("resource").text("name")
        for metric in autoscaler.inside("spec").entries("metrics")
        if metric.text("type") == "Resource"
        and metric.inside("resource").inside("target").text("type") == "Utilization"
    }
    for container in deployment.inside("spec").inside("template").inside("spec").entries("containers"):
        resources = container.inside("resources")
        for name in sorted(filter(None, names)):
            if name not in resources.inside("requests").values and name not in resources.inside("limits").values:
                says = "it asks for none, and the autoscaler goes by the share that is used of it"
                yield resources.fault(f"requests.{name}", says)
