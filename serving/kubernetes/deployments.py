"""Deployments: how many pods, which, and how they are replaced."""

from collections.abc import Iterator

from schemas.errors import Fault
from serving.kubernetes.numbers import number_faults, share
from serving.kubernetes.place import Place
from serving.kubernetes.pods import pod_faults
from serving.kubernetes.selectors import selector_faults


def deployment_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with a Deployment."""
    spec = place.inside("spec")
    template = spec.inside("template")
    yield from number_faults(spec, "replicas", "replicas", 0)
    yield from number_faults(spec, "minReadySeconds", "seconds", 0)
    yield from number_faults(spec, "revisionHistoryLimit", "revisions", 0)
    yield from number_faults(spec, "progressDeadlineSeconds", "seconds", 1)
    yield from _strategy_faults(spec.inside("strategy"))
    yield from selector_faults(spec.inside("selector"), template)
    yield from pod_faults(template.inside("spec"))


def _strategy_faults(strategy: Place) -> Iterator[Fault]:
    kind, rolling = strategy.values.get("type", "RollingUpdate"), strategy.inside("rollingUpdate")
    if kind not in ("RollingUpdate", "Recreate"):
        yield strategy.fault("type", f"{kind!r} is no strategy", "known: RollingUpdate, Recreate")
    if kind == "Recreate" and rolling.values:
        yield strategy.fault("rollingUpdate", "Recreate has no such thing")
    numbers = {key: share(rolling.values.get(key, "25%")) for key in ("maxSurge", "maxUnavailable")}
    for key, number in numbers.items():
        if number is None or (key == "maxUnavailable" and _is_beyond_all(rolling.values.get(key), number)):
            yield rolling.fault(key, f"{rolling.values.get(key)!r} pods cannot be", "a whole number, or such as 25%")
    if not any(number != 0 for number in numbers.values()):
        yield rolling.fault("maxUnavailable", "0, with maxSurge 0: no pod could ever be replaced", "1 for one of them")


def _is_beyond_all(value: object, number: int) -> bool:
    return isinstance(value, str) and number > 100
