"""Environment variables of containers."""

import re
from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import SUBDOMAIN
from serving.kubernetes.choices import one_of_faults
from serving.kubernetes.names import name_faults
from serving.kubernetes.place import Place

_NAME = r"[ -<>-~]+"
"""What Kubernetes takes since 1.32: all that can be printed, but for `=`."""
_KEY = r"[A-Za-z0-9._\-]{1,253}"
_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")


def variable_faults(container: Place) -> Iterator[Fault]:
    """Yield what is wrong with the variables of a container, one by one and taken from an object as a whole."""
    for variable in container.entries("env"):
        if not re.fullmatch(_NAME, variable.text("name") or ""):
            yield variable.fault(
                "name", f"{variable.text('name')!r} cannot be the name of a variable", "ASCII without ="
            )
        if variable.values.get("valueFrom") is not None:
            yield from _source_faults(variable)
    for one in container.entries("envFrom"):
        yield from one_of_faults(one, ("configMapRef", "secretRef"), "source")
        for source in ("configMapRef", "secretRef"):
            if one.values.get(source) is not None:
                yield from name_faults(one.inside(source), "name", SUBDOMAIN)


def _source_faults(variable: Place) -> Iterator[Fault]:
    origin = variable.inside("valueFrom")
    if variable.text("value"):
        yield variable.fault("valueFrom", "it has a value besides", "one of them")
    yield from one_of_faults(origin, _SOURCES, "source")
    for source in ("secretKeyRef", "configMapKeyRef"):
        reference = origin.inside(source)
        if origin.values.get(source) is not None:
            yield from name_faults(reference, "name", SUBDOMAIN)
            if not re.fullmatch(_KEY, reference.text("key") or ""):
                yield reference.fault("key", f"{reference.text('key')!r} cannot be a key", "letters, digits, - _ and .")
