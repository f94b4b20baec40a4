"""Containers: their images, and what else they declare."""

import re
from collections.abc import Collection, Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.names import name_faults
from serving.kubernetes.place import Place
from serving.kubernetes.ports import container_port_faults
from serving.kubernetes.probes import probe_faults
from serving.kubernetes.resources import resource_faults
from serving.kubernetes.variables import variable_faults
from serving.kubernetes.volumes import mount_faults

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = (
    rf"(?=.{{1,600}}$)(?:{_HOST}/)?{_PART}(?:/{_PART})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.\-]{0,127})?(?:@[A-Za-z][A-Za-z0-9+._\-]*:[0-9A-Fa-f]{32,128})?"
)
_CHOICES = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "restartPolicy": ("Always", "OnFailure", "Never"),
}


def container_faults(container: Place, volumes: Collection[str | None]) -> Iterator[Fault]:
    """Yield what is wrong with a container, of those before the others start, too; `volumes` are those of its pod."""
    yield from name_faults(container, "name", LABEL)
    yield from _image_faults(container)
    for key, known in _CHOICES.items():
        yield from choice_faults(container, key, known)
    yield from container_port_faults(container)
    yield from resource_faults(container.inside("resources"))
    yield from probe_faults(container)
    yield from mount_faults(container, volumes)
    yield from variable_faults(container)


def _image_faults(container: Place) -> Iterator[Fault]:
    image = container.text("image") or ""
    if not image.strip():
        yield container.fault("image", "there is no image")
    elif not re.fullmatch(_IMAGE, image):
        says = f"{image!r} cannot be the name of an image"
        yield container.fault("image", says, "[HOST[:PORT]/]NAME[:TAG][@DIGEST], NAME in lower case, without blanks")
