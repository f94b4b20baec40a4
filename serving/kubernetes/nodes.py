"""Which nodes pods may run on: selectors of nodes, and what is tolerated there."""

import re
from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL_VALUE, QUALIFIED
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.names import label_faults
from serving.kubernetes.numbers import INT64, number_faults
from serving.kubernetes.place import Place

_OPERATORS = ("Exists", "Equal")
"""Without `Lt` and `Gt`, which only clusters take that switch on what is alpha: TaintTolerationComparisonOperators."""
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def node_faults(spec: Place) -> Iterator[Fault]:
    """Yield what is wrong with the nodes that pods ask for."""
    yield from label_faults(spec.inside("nodeSelector"))
    for one in spec.entries("tolerations"):
        yield from _toleration_faults(one)


def _toleration_faults(one: Place) -> Iterator[Fault]:
    key, operator, value = one.text("key"), one.text("operator") or "Equal", one.text("value") or ""
    yield from choice_faults(one, "operator", _OPERATORS)
    yield from choice_faults(one, "effect", _EFFECTS)
    if key and not re.fullmatch(QUALIFIED, key):
        yield one.fault("key", f"{key!r} cannot be the key of a taint", "PREFIX/NAME, or NAME")
    elif not key and operator in _OPERATORS and operator != "Exists":
        yield one.fault("operator", f"{operator} compares with no key", "operator: Exists tolerates every taint")
    if operator == "Exists" and value:
        yield one.fault("value", "Exists takes no value", "operator: Equal")
    elif operator == "Equal" and not re.fullmatch(LABEL_VALUE, value):
        yield one.fault("value", f"{value!r} cannot be the value of a taint", "letters, digits, - _ and .")
    yield from number_faults(one, "tolerationSeconds", "seconds", -INT64 - 1, INT64)  # those below 0 are none
    if one.values.get("tolerationSeconds") is not None and one.text("effect") != "NoExecute":
        yield one.fault("tolerationSeconds", "only NoExecute ends pods, after these seconds", "effect: NoExecute")
