"""Deployments: how many pods, which, and how they are replaced."""

from collections.abc import Iterator
from typing import Any

from schemas.errors import Fault
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.numbers import is_whole, number_faults, share
from serving.kubernetes.place import Place
from serving.kubernetes.pods import pod_faults
from serving.kubernetes.selectors import selector_faults

_PROGRESS = 600  # seconds of progressDeadlineSeconds, where nobody says


def deployment_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with a Deployment."""
    spec = place.inside("spec")
    template = spec.inside("template")
    yield from number_faults(spec, "replicas", "replicas", 0)
    yield from number_faults(spec, "minReadySeconds", "seconds", 0)
    yield from number_faults(spec, "revisionHistoryLimit", "revisions", 0)
    yield from number_faults(spec, "progressDeadlineSeconds", "seconds", 1)
    yield from _patience_faults(spec)
    yield from _strategy_faults(spec.inside("strategy"))
    yield from selector_faults(spec.inside("selector"), template)
    yield from pod_faults(template.inside("spec"))
    yield from choice_faults(template.inside("spec"), "restartPolicy", ("Always",))
    if template.inside("spec").values.get("activeDeadlineSeconds") is not None:
        yield template.fault("spec.activeDeadlineSeconds", "pods of a Deployment have none: they go on")


def _patience_faults(spec: Place) -> Iterator[Fault]:
    """Yield that a pod counts as available only once it is given up."""
    least: Any = spec.values.get("minReadySeconds")
    most: Any = spec.values.get("progressDeadlineSeconds")
    most = _PROGRESS if most is None else most
    if is_whole(least, 1) and is_whole(most, 1) and least >= most:
        says = f"{least} seconds are no less than progressDeadlineSeconds, {most}: no pod would be there in time"
        yield spec.fault("minReadySeconds", says)


def _strategy_faults(strategy: Place) -> Iterator[Fault]:
    rolling = strategy.inside("rollingUpdate")
    yield from choice_faults(strategy, "type", ("RollingUpdate", "Recreate"))
    if strategy.text("type") == "Recreate" and rolling.values:
        yield strategy.fault("rollingUpdate", "Recreate has no such thing")
    said = {key: rolling.values.get(key) for key in ("maxSurge", "maxUnavailable")}
    numbers = {key: share("25%" if value is None else value) for key, value in said.items()}
    for key, number in numbers.items():
        if number is None or (key == "maxUnavailable" and _is_beyond_all(rolling.values.get(key), number)):
            yield rolling.fault(key, f"{rolling.values.get(key)!r} pods cannot be", "a whole number, or such as 25%")
    if not any(number != 0 for number in numbers.values()):
        yield rolling.fault("maxUnavailable", "0, with maxSurge 0: no pod could ever be replaced", "1 for one of them")


def _is_beyond_all(value: object, number: int) -> bool:
    return isinstance(value, str) and number > 100
