"""Secrets in the settings of components, where no flavor looks for any: ZenML would keep and hand on what is there."""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.bare_logins import holds_login
from schemas.errors import Fault
from schemas.stack import StackSpec
from stacks.shown import is_secret

_OF_PODS = "a Kubernetes secret: {name: NAME, valueFrom: {secretKeyRef: {name: SECRET, key: KEY}}}"
_OF_OTHERS = "a secret of the cloud that the step reads by itself, with the rights of its role"
_LOGIN = "holds a login, which would be kept and shown by whoever has the stack"
_BY_CONNECTOR = "the address alone; the login is a service connector's (connector: NAME), or what `docker login` keeps"
_ENVIRONMENTS = ("env", "environment", "envs")


def faults(spec: StackSpec) -> list[Fault]:
    """Return the secrets that stand in settings as text, by key path; none is quoted."""
    found: list[Fault] = []
    for kind, part in spec.components.items():
        found += _within(f"stack.{kind}.settings", "", part.settings)
        if part.connector_resource is not None and holds_login("resource", part.connector_resource):
            found.append(Fault(f"stack.{kind}.connector_resource", _LOGIN, _BY_CONNECTOR))
    return found


def _within(path: str, name: str, value: Any) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        if name in _ENVIRONMENTS:
            yield from _variables(path, value)
        for key, inner in value.items():
            yield from _within(f"{path}.{key}", str(key), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            if name == "env" and isinstance(inner, Mapping) and is_secret(inner.get("name"), inner.get("value")):
                what = f"{inner['name']} is a secret, which must not stand here"
                yield Fault(f"{path}.{number}.value", what, _OF_PODS)
            yield from _within(f"{path}.{number}", "", inner)
    elif isinstance(value, str) and holds_login(name, value):
        yield Fault(path, _LOGIN, _BY_CONNECTOR)


def _variables(path: str, given: Mapping[Any, Any]) -> Iterator[Fault]:
    for name, value in given.items():
        if is_secret(name, value):
            yield Fault(f"{path}.{name}", "is a secret, which must not stand here", _OF_OTHERS)
