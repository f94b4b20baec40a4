"""Autoscalers and the Deployments that they scale, in one file."""

from collections.abc import Iterator, Sequence

from schemas.errors import Fault
from serving.kubernetes.kinds import group
from serving.kubernetes.names import namespace
from serving.kubernetes.place import Place
from serving.kubernetes.pods import lasting

Share = tuple[str, str | None]
"""A resource of which a share is gone by, and the one container whose it is; None for each of them."""


def scaled_faults(autoscaler: Place, deployments: Sequence[Place]) -> Iterator[Fault]:
    """Yield that an autoscaler has no Deployment, or one that it cannot scale."""
    target = _target(autoscaler)
    if target.text("kind") != "Deployment" or group(target.text("apiVersion")) != "apps":
        return
    names = [one.inside("metadata").text("name") for one in deployments]
    called = [one for one, name in zip(deployments, names, strict=True) if name == target.text("name")]
    here = [one for one in called if namespace(one) == namespace(autoscaler)]
    if not called:
        hint = f"here: {', '.join(map(str, names))}"
        yield target.fault("name", f"there is no Deployment {target.text('name')!r}", hint)
    elif not here:
        says = f"{namespace(autoscaler)!r}, and its Deployment is in {namespace(called[0])!r}: it looks in its own only"
        yield autoscaler.fault("metadata.namespace", says, "the same one in both")
    for one in here:
        yield from _container_faults(autoscaler, one)
        yield from _unasked_faults(autoscaler, one)
        if one.inside("spec").values.get("replicas") is not None:
            hint = "leave it out: each time it is applied it would undo the autoscaler's"
            yield one.fault("spec.replicas", "an autoscaler decides how many there are", hint)


def rival_faults(autoscalers: Sequence[Place]) -> Iterator[Fault]:
    """Yield autoscalers of what another one scales, too: neither would do anything."""
    seen: dict[tuple[str | None, ...], Place] = {}
    for one in autoscalers:
        target = _target(one)
        key = (namespace(one), group(target.text("apiVersion")), target.text("kind"), target.text("name"))
        if not (key[2] and key[3]):
            continue
        other = seen.setdefault(key, one)
        if other is not one and other.path != one.path:  # the same one twice is told as such
            yield Fault(
                target.path, f"{other.path} scales {key[2]} {key[3]}, too", "one autoscaler, of several metrics"
            )


def _target(autoscaler: Place) -> Place:
    return autoscaler.inside("spec").inside("scaleTargetRef")


def _template(deployment: Place) -> Place:
    return deployment.inside("spec").inside("template").inside("spec")


def _container_faults(autoscaler: Place, deployment: Place) -> Iterator[Fault]:
    """Yield metrics of containers that the pods have not."""
    names = [one.text("name") for one in lasting(_template(deployment))]
    for metric in autoscaler.inside("spec").entries("metrics"):
        source = metric.inside("containerResource")
        name = source.text("container")
        if metric.text("type") == "ContainerResource" and name and name not in names:
            yield source.fault(
                "container", f"the pods have no container {name!r}", f"here: {', '.join(map(str, names))}"
            )


def _unasked_faults(autoscaler: Place, deployment: Place) -> Iterator[Fault]:
    """Yield containers that ask for nothing of what an autoscaler goes by a share of: it would never know one."""
    pod = _template(deployment)
    for name, owner in sorted(_shares(autoscaler), key=str):
        if owner is None and name in pod.inside("resources").inside("requests").values:  # the pod asks, as a whole
            continue
        for container in pod.entries("containers"):
            resources = container.inside("resources")
            if owner not in (None, container.text("name")):
                continue
            if name not in resources.inside("requests").values and name not in resources.inside("limits").values:
                says = "it asks for none, and the autoscaler goes by the share that is used of it"
                yield resources.fault(f"requests.{name}", says)


def _shares(autoscaler: Place) -> set[Share]:
    metrics = autoscaler.inside("spec").entries("metrics")
    if not metrics:
        return {("cpu", None)}
    sources = [
        (metric.inside(key), owner)
        for metric in metrics
        for kind, key, owner in (("Resource", "resource", ""), ("ContainerResource", "containerResource", "container"))
        if metric.text("type") == kind
    ]
    return {
        (source.text("name") or "", source.text(owner) if owner else None)
        for source, owner in sources
        if source.text("name") and source.inside("target").values.get("averageUtilization") is not None
    }
