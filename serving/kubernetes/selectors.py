"""Selectors: whether they can be, and which labels they choose."""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.errors import Fault
from serving.kubernetes.names import label_faults
from serving.kubernetes.place import Place

_WITH_VALUES, _WITHOUT = ("In", "NotIn"), ("Exists", "DoesNotExist")


def selector_faults(selector: Place, template: Place) -> Iterator[Fault]:
    """Yield what is wrong with a Deployment's selector, above all that it does not choose the pods of its template."""
    labels = template.inside("metadata").inside("labels").values
    wanted, expressions = selector.inside("matchLabels"), selector.entries("matchExpressions")
    yield from label_faults(wanted)
    if not wanted.values and not expressions:
        yield Fault(selector.path, "it chooses no pods")
    for key, value in wanted.values.items():
        if labels.get(key) != value:
            has = f"the pods have {labels[key]!r}" if key in labels else "the pods have no such label"
            yield wanted.fault(key, f"{value!r} chooses none of its own pods: {has}", template.at("metadata.labels"))
    for one in expressions:
        yield from _expression_faults(one, labels)


def has(labels: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Say whether labels are those that a Service asks for, which asks for one at least."""
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def _expression_faults(one: Place, labels: Mapping[str, Any]) -> Iterator[Fault]:
    kind, key, values = one.text("operator"), one.text("key"), one.values.get("values")
    if kind not in (*_WITH_VALUES, *_WITHOUT):
        yield one.fault("operator", f"{kind!r} is no operator", f"known: {', '.join((*_WITH_VALUES, *_WITHOUT))}")
    elif key is None:
        yield one.fault("key", "it names no label")
    elif kind in _WITHOUT and values:
        yield one.fault("values", f"{kind} takes no values")
    elif kind in _WITH_VALUES and (not isinstance(values, list) or not values):
        yield one.fault("values", f"{kind} takes one value at least")
    elif not _chooses(kind, labels, key, values or []):
        yield one.fault("key", f"{kind} of {key!r} chooses none of its own pods, which have {labels.get(key)!r}")


def _chooses(kind: str, labels: Mapping[str, Any], key: str, values: list[Any]) -> bool:
    is_there = key in labels
    return {
        "In": is_there and labels.get(key) in values,
        "NotIn": not is_there or labels.get(key) not in values,
        "Exists": is_there,
        "DoesNotExist": not is_there,
    }[kind]
