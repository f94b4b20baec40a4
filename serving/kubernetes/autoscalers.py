"""Autoscalers: how many replicas, and by which figure."""

from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import SUBDOMAIN, quantity
from serving.kubernetes.names import name_faults
from serving.kubernetes.place import Place

_LONGEST_PERIOD, _LONGEST_WINDOW = 1_800, 3_600
_TARGETS = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}


def autoscaler_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with an autoscaler."""
    spec = place.inside("spec")
    yield from name_faults(spec.inside("scaleTargetRef"), "name", SUBDOMAIN)
    yield from _bounds(spec)
    if not spec.entries("metrics"):
        yield spec.fault("metrics", "it goes by no figure")
    for metric in spec.entries("metrics"):
        yield from _metric_faults(metric)
    for way in ("scaleUp", "scaleDown"):
        yield from _behaviour_faults(spec.inside("behavior").inside(way))


def _bounds(spec: Place) -> Iterator[Fault]:
    least, most = spec.values.get("minReplicas", 1), spec.values.get("maxReplicas")
    if not isinstance(least, int) or least < 1:
        yield spec.fault("minReplicas", f"{least!r} replicas at least cannot be", "1 or more")
    if not isinstance(most, int) or most < 1:
        yield spec.fault("maxReplicas", f"{most!r} replicas at most cannot be", "1 or more")
    elif isinstance(least, int) and least > most:
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
        value = target.values.get(key)
        if not isinstance(value, int) or value < 1:
            yield target.fault(key, f"{value!r} percent cannot be", "1 or more, of what a pod asks for")
    elif not (amount := quantity(target.text(key) or "")):
        yield target.fault(
            key, f"{target.text(key)!r} is no quantity above 0" if amount is None else "0 of it is never reached"
        )


def _behaviour_faults(way: Place) -> Iterator[Fault]:
    window = way.values.get("stabilizationWindowSeconds", 0)
    if not isinstance(window, int) or not 0 <= window <= _LONGEST_WINDOW:
        yield way.fault("stabilizationWindowSeconds", f"{window!r} seconds cannot be", f"0 to {_LONGEST_WINDOW}")
    for policy in way.entries("policies"):
        value, period = policy.values.get("value"), policy.values.get("periodSeconds")
        if not isinstance(value, int) or value < 1:
            yield policy.fault("value", f"{value!r} cannot be", "1 or more")
        if not isinstance(period, int) or not 1 <= period <= _LONGEST_PERIOD:
            yield policy.fault("periodSeconds", f"{period!r} seconds cannot be", f"1 to {_LONGEST_PERIOD}")
