"""Secrets in the settings of components: ZenML would keep what stands there as it is, and hand it on."""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.bare_logins import holds_login
from schemas.errors import Fault
from schemas.stack import StackSpec
from stacks.shown import assigned_secret, is_secret, name_of_value

_NAMED = "{} is a secret, which must not stand here"
_OF_PODS = "a Kubernetes secret: {name: NAME, valueFrom: {secretKeyRef: {name: SECRET, key: KEY}}}"
_OF_OTHERS = "a secret of the cloud that the step reads by itself, with the rights of its role"
_DEEPER = (
    "a setting of the flavor's own takes {secret: NAME, key: KEY}; or a service connector has it (connector: NAME)"
)
_LOGIN = "holds a login, which would be kept and shown by whoever has the stack"
_BY_CONNECTOR = "the address alone; the login is a service connector's (connector: NAME), or what `docker login` keeps"
_ENVIRONMENTS = ("env", "environment", "envs")
_REFERENCE = {"secret", "key"}  # ZenML keeps the secret, and these say which
_NAMES_OF_SECRETS = {
    ("model_deployer", "seldon"): ("secret",),
    ("step_operator", "baseten"): ("registry_auth_secret",),
    ("step_operator", "runai"): ("secret_mounts", "s3_mounts"),
}


def faults(spec: StackSpec) -> list[Fault]:
    """Return the secrets that stand as text within settings, by key path; none is quoted.

    A setting that is one itself is found with the flavor's schema, which says whether there is such a setting at all.
    """
    found: list[Fault] = []
    for kind, part in spec.components.items():
        for key, value in part.settings.items():
            if not names_one(kind, part.flavor, key):
                found += _within(f"stack.{kind}.settings.{key}", key, value)
        if part.connector_resource is not None and holds_login("resource", part.connector_resource):
            found.append(Fault(f"stack.{kind}.connector_resource", _LOGIN, _BY_CONNECTOR))
    return found


def names_one(kind: str, flavor: str, setting: str) -> bool:
    """Say whether a setting says what a secret is called which is kept elsewhere."""
    return setting in _NAMES_OF_SECRETS.get((kind, flavor), ())


def _within(path: str, name: str, value: Any) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        yield from () if value.keys() == _REFERENCE else _within_mapping(path, name, value)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _within(f"{path}.{number}", "", inner)
    elif isinstance(value, str) and (variable := assigned_secret(value)):
        yield Fault(path, _NAMED.format(variable), _OF_OTHERS)
    elif isinstance(value, str) and holds_login(name, value):
        yield Fault(path, _LOGIN, _BY_CONNECTOR)


def _within_mapping(path: str, name: str, value: Mapping[str, Any]) -> Iterator[Fault]:
    named = name_of_value(value)
    for key, inner in value.items():
        at = f"{path}.{key}"
        if is_secret(key, inner):
            yield Fault(at, _NAMED.format(key), _OF_OTHERS if name in _ENVIRONMENTS else _DEEPER)
        elif str(key).lower() == "value" and is_secret(named, inner):
            yield Fault(at, _NAMED.format(named), _OF_PODS)
        else:
            yield from _within(at, str(key), inner)
