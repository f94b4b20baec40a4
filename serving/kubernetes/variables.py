"""Environment variables of containers."""

import re
from collections.abc import Iterator

from schemas.errors import Fault
from schemas.kubernetes_names import QUALIFIED, SUBDOMAIN
from serving.kubernetes.choices import one_of_faults
from serving.kubernetes.names import name_faults
from serving.kubernetes.place import Place

_NAME = r"[ -<>-~]+"
"""What Kubernetes takes since 1.32: all that can be printed, but for `=`."""
_KEY = r"(?!\.\Z|\.\.)[A-Za-z0-9._\-]{1,253}"
"""What a file may be called: not `.`, and nothing that begins like the folder above."""
_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")

_FIELDS = (
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
)
_OLD = ("spec.host",)  # what spec.nodeName was called, and is still read as
_ONE = r"metadata\.(labels|annotations)\['(.*)'\]"
_RESOURCE = r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)"


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
        if one.text("prefix") and not re.fullmatch(_NAME, one.text("prefix") or ""):
            yield one.fault("prefix", f"{one.text('prefix')!r} cannot begin the name of a variable", "ASCII without =")
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
                hint = "letters, digits, - _ and ., not . alone nor .. at the beginning"
                yield reference.fault("key", f"{reference.text('key')!r} cannot be a key", hint)
    if origin.values.get("fieldRef") is not None:
        yield from _field_faults(origin.inside("fieldRef"))
    resource = origin.inside("resourceFieldRef").text("resource")
    if origin.values.get("resourceFieldRef") is not None and not re.fullmatch(_RESOURCE, resource or ""):
        yield origin.fault(
            "resourceFieldRef.resource", f"{resource!r} cannot be", "such as limits.memory, requests.cpu"
        )


def _field_faults(field: Place) -> Iterator[Fault]:
    """Yield that what is asked of the pod is nothing that a variable can be."""
    path = field.text("fieldPath") or ""
    one = re.fullmatch(_ONE, path)
    if one:
        key = one[2].lower() if one[1] == "annotations" else one[2]
        is_known = re.fullmatch(QUALIFIED, key) is not None
    else:
        is_known = path in (*_FIELDS, *_OLD)
    if not is_known:
        yield field.fault("fieldPath", f"{path!r} cannot be", f"known: {', '.join(_FIELDS)}, metadata.labels['KEY']")
    if field.text("apiVersion") not in (None, "", "v1"):
        yield field.fault("apiVersion", f"{field.text('apiVersion')!r} cannot be", "v1")
