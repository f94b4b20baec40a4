"""Names and labels of objects."""

import re
from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, LABEL_VALUE, QUALIFIED, SUBDOMAIN
from serving.kubernetes.place import Place

SERVICE = r"[a-z]([a-z0-9\-]{0,61}[a-z0-9])?"
"""A name of RFC 1035, as services have it: it begins with a letter."""
HINT = "lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit"


def metadata_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with an object's name and labels, and with those of its pods."""
    metadata = place.inside("metadata")
    pattern = SERVICE if place.text("kind") == "Service" else SUBDOMAIN
    yield from name_faults(metadata, "name", pattern)
    if "namespace" in metadata.values:
        yield from name_faults(metadata, "namespace", LABEL)
    yield from label_faults(metadata.inside("labels"))
    spec = place.inside("spec")
    yield from label_faults(spec.inside("template").inside("metadata").inside("labels"))


def name_faults(place: Place, key: str, pattern: str) -> Iterator[Fault]:
    """Yield that a name cannot be one."""
    name = place.text(key)
    if name is None or not re.fullmatch(pattern, name):
        yield place.fault(key, f"{name!r} cannot be a name", HINT)


def label_faults(labels: Place) -> Iterator[Fault]:
    """Yield labels whose keys or values cannot be."""
    for key, value in labels.values.items():
        if not re.fullmatch(QUALIFIED, str(key)):
            yield labels.fault(str(key), f"{key!r} cannot be the key of a label", "PREFIX/NAME, or NAME")
        if not isinstance(value, str) or not re.fullmatch(LABEL_VALUE, value):
            yield labels.fault(
                str(key), f"{value!r} cannot be the value of a label", "text of letters, digits, - _ and ."
            )
