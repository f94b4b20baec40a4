"""Names, labels and annotations of objects."""

import re
from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import LABEL, LABEL_VALUE, QUALIFIED, SUBDOMAIN
from serving.kubernetes.place import Place

SERVICE = r"[a-z]([a-z0-9\-]{0,61}[a-z0-9])?"
"""A name of RFC 1035, as services have it: it begins with a letter."""
HOST = SUBDOMAIN + r"\.?"
"""A name of DNS; the dot at its end says that it is whole."""
_LONGEST = 256 * 1024  # bytes of all annotations of an object together
_QUOTED = "what a cluster reads as a number, or as true or false, is in quotes"
_HINTS = {
    SERVICE: "lower-case letters, digits and hyphens, at most 63, beginning with a letter",
    SUBDOMAIN: "lower-case letters, digits, hyphens and dots, at most 253, beginning and ending with a letter or digit",
    HOST: "a name of DNS, such as house.example.com",
    LABEL: "lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit",
}


def metadata_faults(place: Place) -> Iterator[Fault]:
    """Yield what is wrong with an object's name, labels and annotations, and with those of its pods."""
    metadata = place.inside("metadata")
    pattern = SERVICE if place.text("kind") == "Service" else SUBDOMAIN
    yield from name_faults(metadata, "name", pattern)
    if metadata.text("namespace"):
        yield from name_faults(metadata, "namespace", LABEL)
    for each in (metadata, place.inside("spec").inside("template").inside("metadata")):
        yield from label_faults(each.inside("labels"))
        yield from annotation_faults(each.inside("annotations"))


def namespace(place: Place) -> str:
    """Return where an object is; where it does not say so, `default`, like kubectl where nobody says so."""
    return place.inside("metadata").text("namespace") or "default"


def name_faults(place: Place, key: str, pattern: str) -> Iterator[Fault]:
    """Yield that a name cannot be one."""
    name = place.text(key)
    if name is None or not re.fullmatch(pattern, name):
        yield place.fault(key, f"{name!r} cannot be a name", _HINTS[pattern])


def label_faults(labels: Place) -> Iterator[Fault]:
    """Yield labels whose keys or values cannot be."""
    for key, value in labels.values.items():
        if not re.fullmatch(QUALIFIED, str(key)):
            yield labels.fault(str(key), f"{key!r} cannot be the key of a label", "PREFIX/NAME, or NAME")
        if not isinstance(value, str) or not re.fullmatch(LABEL_VALUE, value):
            hint = "letters, digits, - _ and ." if isinstance(value, str) else _QUOTED
            yield labels.fault(str(key), f"{value!r} cannot be the value of a label", f"text: {hint}")


def annotation_faults(annotations: Place) -> Iterator[Fault]:
    """Yield annotations whose keys or values cannot be, or that are too many; upper case is taken in their prefix."""
    for key, value in annotations.values.items():
        if not re.fullmatch(QUALIFIED, str(key).lower()):
            yield annotations.fault(str(key), f"{key!r} cannot be the key of an annotation", "PREFIX/NAME, or NAME")
        if not isinstance(value, str):
            yield annotations.fault(str(key), f"{value!r} cannot be the value of an annotation", f"text: {_QUOTED}")
    if sum(len(f"{key}{value}".encode(errors="surrogatepass")) for key, value in annotations.values.items()) > _LONGEST:
        yield Fault(annotations.path, "they are larger than 256 KiB together")
