"""Services and the pods that they choose, in one file."""

from collections.abc import Iterator, Sequence

from schemas.errors import Fault
from serving.kubernetes.names import namespace
from serving.kubernetes.place import Place
from serving.kubernetes.pods import lasting
from serving.kubernetes.selectors import has


def chosen_faults(service: Place, places: Sequence[Place]) -> Iterator[Fault]:
    """Yield that a service finds no pod of a file, or asks for a port by a name that they have not.

    Args:
        service: The service; one without selector has its addresses from elsewhere, and one for a name has none.
        places: All manifests of the file.
    """
    spec = service.inside("spec")
    selector = spec.inside("selector")
    if spec.text("type") == "ExternalName" or not selector.values:
        return
    pods = [(namespace(one), pod) for one in places for pod in _pods(one)]
    found = [
        (where, pod) for where, pod in pods if has(pod.inside("metadata").inside("labels").values, selector.values)
    ]
    here = [pod for where, pod in found if where == namespace(service)]
    if not found:
        yield service.fault("spec.selector", "it chooses no pods of the Deployments here")
    elif not here:
        says = f"{namespace(service)!r}, and the pods are in {found[0][0]!r}: it chooses in its own only"
        yield service.fault("metadata.namespace", says, "the same one in both")
    else:
        yield from _port_faults(spec, here)


def _pods(place: Place) -> list[Place]:
    """Return the pods of a manifest, whatever makes them: a Deployment, a StatefulSet, or a Pod itself."""
    if place.text("kind") == "Pod":
        return [place]
    template = place.inside("spec").inside("template")
    return [template] if template.values else []


def _port_faults(spec: Place, pods: Sequence[Place]) -> Iterator[Fault]:
    """Yield names of ports that no pod has; a number reaches what listens, whether a pod declares it or not."""
    containers = [container for pod in pods for container in lasting(pod.inside("spec"))]
    known = [port.text("name") for container in containers for port in container.entries("ports")]
    for port in spec.entries("ports"):
        wanted = port.values.get("targetPort")
        if isinstance(wanted, str) and wanted and wanted not in known:
            yield port.fault("targetPort", f"the pods have no port {wanted!r}")
