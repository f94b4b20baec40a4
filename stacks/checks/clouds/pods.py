"""The settings of pods, as far as a cluster would refuse what their types allow."""

import re
from collections.abc import Mapping
from typing import Any

from schemas.errors import Fault, did_you_mean
from schemas.kubernetes_names import LABEL, LABEL_VALUE, QUALIFIED, SUBDOMAIN, VARIABLE, amount
from stacks.checks.clouds.declared import Declared

_COMMON = ("cpu", "memory", "ephemeral-storage")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_RFC = "lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit"


def pod_faults(pod: Declared) -> list[Fault]:
    """Return what a cluster would refuse of `pod_settings`.

    Args:
        pod: The settings, as they stand within the orchestrator's.
    """
    if not pod.values:
        return []
    found = _pairs(pod, "node_selectors") + _pairs(pod, "labels") + _keys(pod, "annotations")
    found += pod.matching("scheduler_name", SUBDOMAIN, "name of a scheduler", _RFC)
    for number, name in enumerate(pod.entries("image_pull_secrets")):
        if isinstance(name, str) and not re.fullmatch(SUBDOMAIN, name):
            found.append(pod.fault(f"image_pull_secrets.{number}", f"{name!r} is no name of a secret", _RFC))
    return found + _resources(pod) + _volumes(pod) + _environment(pod) + _tolerations(pod)


def _keys(pod: Declared, name: str) -> list[Fault]:
    hint = "PREFIX/NAME, or NAME: letters, digits, - _ and ., at most 63"
    return [
        pod.fault(f"{name}.{key}", f"{key!r} is no key of Kubernetes", hint)
        for key in pod.mapping(name)
        if not re.fullmatch(QUALIFIED, key)
    ]


def _pairs(pod: Declared, name: str) -> list[Fault]:
    hint = "letters, digits, - _ and ., at most 63, beginning and ending with a letter or digit"
    return _keys(pod, name) + [
        pod.fault(f"{name}.{key}", f"{value!r} is no value of a label", hint)
        for key, value in pod.mapping(name).items()
        if isinstance(value, str) and not re.fullmatch(LABEL_VALUE, value)
    ]


def _resources(pod: Declared) -> list[Fault]:
    resources = pod.inside("resources")
    found = [
        resources.fault(name, "is neither requests nor limits")
        for name in resources.values
        if name not in ("requests", "limits", "claims")
    ]
    requests, limits = resources.inside("requests"), resources.inside("limits")
    for place in (requests, limits):
        for name in place.values:
            found += _amount(place, name)
    for name in requests.values:
        asked, most = amount(requests.text(name) or ""), amount(limits.text(name) or "")
        if asked is not None and most is not None and asked > most:
            found.append(
                requests.fault(name, f"asks for {requests.text(name)}, more than its limit, {limits.text(name)}")
            )
    return found + _extended(requests, limits)


def _amount(place: Declared, name: str) -> list[Fault]:
    if "/" not in name and name not in _COMMON and not name.startswith("hugepages-"):
        hint = f"known: {', '.join(_COMMON)}; a device has its vendor before it, nvidia.com/gpu"
        return [place.fault(name, f"Kubernetes has no resource {name!r}.{did_you_mean(name, list(_COMMON))}", hint)]
    text = place.text(name)
    found = None if text is None else amount(text)
    if text is not None and found is None:
        return [place.fault(name, f"{text!r} is no quantity", "2, 500m, 4Gi")]
    if found is not None and "/" in name and found != found.to_integral_value():
        return [place.fault(name, f"{text} of a device: only whole ones are given")]
    return []


def _extended(requests: Declared, limits: Declared) -> list[Fault]:
    """Devices have one number: a request without a limit, or unlike it, is refused."""
    return [
        requests.fault(name, "a device is asked for by its limit, and both are equal", limits.at(name))
        for name in requests.values
        if "/" in name and requests.text(name) != limits.text(name)
    ]


def _volumes(pod: Declared) -> list[Fault]:
    names = [each.get("name") for each in pod.entries("volumes") if isinstance(each, Mapping)]
    found = [
        pod.fault(f"volumes.{number}.name", f"{name!r} is no name of a volume", _RFC)
        for number, name in enumerate(names)
        if not isinstance(name, str) or not re.fullmatch(LABEL, name)
    ]
    found += [
        pod.fault(f"volumes.{number}.name", f"{name!r} is there twice")
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    seen: list[Any] = []
    for number, mount in enumerate(pod.entries("volume_mounts")):
        if isinstance(mount, Mapping):
            found += _mount(pod, f"volume_mounts.{number}", mount, names, seen)
            seen.append(mount.get("mountPath"))
    return found


def _mount(pod: Declared, at: str, mount: Mapping[str, Any], volumes: list[Any], seen: list[Any]) -> list[Fault]:
    found: list[Fault] = []
    name, path = mount.get("name"), mount.get("mountPath")
    if name not in volumes:
        near = did_you_mean(str(name), [str(volume) for volume in volumes])
        found.append(
            pod.fault(f"{at}.name", f"there is no volume {name!r}.{near}", f"declare it in {pod.at('volumes')}")
        )
    if not isinstance(path, str) or not path.startswith("/") or ":" in path:
        found.append(pod.fault(f"{at}.mountPath", f"{path!r} is no path from the root on"))
    elif path in seen:
        found.append(pod.fault(f"{at}.mountPath", f"{path!r} is mounted twice"))
    return found


def _environment(pod: Declared) -> list[Fault]:
    return [
        pod.fault(f"env.{number}.name", f"{each.get('name')!r} is no name of a variable")
        for number, each in enumerate(pod.entries("env"))
        if isinstance(each, Mapping) and not re.fullmatch(VARIABLE, str(each.get("name", "")))
    ]


def _tolerations(pod: Declared) -> list[Fault]:
    found: list[Fault] = []
    for number, each in enumerate(pod.entries("tolerations")):
        if not isinstance(each, Mapping):
            continue
        at, operator, effect = f"tolerations.{number}", each.get("operator", "Equal"), each.get("effect")
        if operator not in ("Equal", "Exists"):
            found.append(pod.fault(f"{at}.operator", f"{operator!r} is neither Equal nor Exists"))
        if operator == "Exists" and each.get("value"):
            found.append(pod.fault(f"{at}.value", "has no meaning with operator Exists", "leave it out"))
        if effect not in (None, "", *_EFFECTS):
            found.append(
                pod.fault(f"{at}.effect", f"{effect!r} is no effect of a taint", f"known: {', '.join(_EFFECTS)}")
            )
    return found
