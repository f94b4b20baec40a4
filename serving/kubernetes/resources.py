"""What containers ask for, and are limited to."""

import re
from collections.abc import Iterator

from schemas.errors import Fault, did_you_mean
from schemas.kubernetes_names import QUALIFIED, amount
from serving.kubernetes.place import Place

_COMMON = ("cpu", "memory", "ephemeral-storage")
_HUGE = "hugepages-"


def resource_faults(resources: Place) -> Iterator[Fault]:
    """Yield what is wrong with the amounts of a container."""
    requests, limits = resources.inside("requests"), resources.inside("limits")
    for place in (requests, limits):
        for key, value in place.values.items():
            yield from _amount_faults(place, str(key), str(value))
    for key, value in requests.values.items():
        yield from _request_faults(requests, limits, str(key), str(value))
    asked = {*requests.values, *limits.values}
    if any(_is_huge(str(key)) for key in asked) and not asked & {"cpu", "memory"}:
        yield Fault(resources.path, "huge pages are given only to what asks for cpu or memory, too")


def _is_huge(key: str) -> bool:
    return key.startswith(_HUGE) and bool(amount(key.removeprefix(_HUGE)))


def _amount_faults(place: Place, key: str, value: str) -> Iterator[Fault]:
    found = amount(value)
    if "/" in key and not re.fullmatch(QUALIFIED, key):
        yield place.fault(key, f"{key!r} cannot be the name of a device", "nvidia.com/gpu")
    elif "/" not in key and key not in _COMMON and not _is_huge(key):
        hint = f"known: {', '.join(_COMMON)}, {_HUGE}SIZE; a device has its vendor before it, nvidia.com/gpu"
        near = did_you_mean(key, list(_COMMON))
        says = f"Kubernetes has no resource {key!r}"
        yield place.fault(key, f"{says}.{near}" if near else says, hint)
    elif found is None:
        yield place.fault(key, f"{value!r} is no quantity", "2, 500m, 4Gi")
    elif "/" in key and found != found.to_integral_value():
        yield place.fault(key, f"{value} of a device: only whole ones are given")


def _request_faults(requests: Place, limits: Place, key: str, value: str) -> Iterator[Fault]:
    """Yield that more is asked for than may be had; of devices and huge pages both are one number."""
    asked, most = amount(value), amount(limits.text(key) or "")
    if asked is None or (most is None and key in limits.values):  # told by itself
        return
    if most is not None and asked > most:
        yield requests.fault(key, f"asks for {value}, more than its limit, {limits.text(key)}")
    elif ("/" in key or _is_huge(key)) and asked != most:
        limit = limits.text(key) or "none"
        yield requests.fault(
            key, f"asks for {value}, and its limit is {limit}: of these they are equal", limits.at(key)
        )
