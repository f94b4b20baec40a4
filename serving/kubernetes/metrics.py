"""The figures that an autoscaler goes by."""

from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import quantity
from serving.kubernetes.choices import choice_faults, one_of_faults
from serving.kubernetes.numbers import number_faults
from serving.kubernetes.place import Place

_TARGETS = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}
_AMOUNTS = {
    "Resource": ("averageUtilization", "averageValue"),
    "ContainerResource": ("averageUtilization", "averageValue"),
    "Pods": ("averageValue",),
    "Object": ("value", "averageValue"),
    "External": ("value", "averageValue"),
}
"""Types of metrics, and the keys of which the target of each has one."""


def metric_faults(metric: Place) -> Iterator[Fault]:
    """Yield what is wrong with one metric."""
    kind = metric.text("type") or ""
    if kind not in _AMOUNTS:
        yield from choice_faults(metric, "type", _AMOUNTS, is_needed=True)
        return
    own = _key(kind)
    source = metric.inside(own)
    if not source.values:
        yield metric.fault(own, f"a metric of type {kind!r} is declared there, and nothing is")
        return
    yield from one_of_faults(metric, [_key(each) for each in _AMOUNTS], "source")
    yield from _name_faults(source, kind)
    yield from _target_faults(source.inside("target"), kind)


def segment_faults(place: Place, key: str) -> Iterator[Fault]:
    """Yield that a name cannot stand in an address."""
    name = place.text(key)
    if not name or name in (".", "..") or "/" in name or "%" in name:
        yield place.fault(key, f"{name!r} cannot be a name", "one without / and %")


def _key(kind: str) -> str:
    return kind[:1].lower() + kind[1:]


def _name_faults(source: Place, kind: str) -> Iterator[Fault]:
    if kind in ("Resource", "ContainerResource"):
        if not source.text("name"):
            yield source.fault("name", "it does not say of which resource", "cpu, memory")
        if kind == "ContainerResource" and not source.text("container"):
            yield source.fault("container", "it does not say of which container")
        return
    yield from segment_faults(source.inside("metric"), "name")
    if kind == "Object":
        for key in ("kind", "name"):
            yield from segment_faults(source.inside("describedObject"), key)


def _target_faults(target: Place, kind: str) -> Iterator[Fault]:
    named = target.text("type") or ""
    if named not in _TARGETS:
        known = f"known: {', '.join(_TARGETS)}"
        yield target.fault("type", f"{target.text('type')!r} is no type of a target", known)
        return
    keys = (_TARGETS[named],) if kind == "Object" else _AMOUNTS[kind]  # of an object the type alone decides
    yield from one_of_faults(target, keys, "amount")
    yield from number_faults(target, "averageUtilization", "percent", 1)
    for key in ("averageValue", "value"):
        said = target.text(key)
        if said is not None and (quantity(said) or 0) <= 0:
            yield target.fault(key, f"{said!r} is no quantity above 0")
