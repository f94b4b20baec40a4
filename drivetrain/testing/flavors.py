"""The conformance suite of ZenML flavors; ZenML itself is not imported here."""

from collections.abc import Iterator
from inspect import get_annotations
from typing import Any, get_args

from pydantic import BaseModel

from drivetrain.testing.parameters import undocumented
from drivetrain.testing.violation import Check, Violation, examine
from schemas.secret_names import names_secret
from schemas.stack import COMPONENT_TYPES

_FLAVOR = "zenml.stack.flavor"


def check_flavor(flavor: Any, *, name: str = "") -> list[Violation]:
    """Return what a flavor breaks of the contract.

    Args:
        flavor: The class, a subclass of ZenML's `Flavor`.
        name: The name of its entry point, which is the one that ZenML knows it by.
    """
    subject = f"flavor {name or getattr(flavor, '__name__', flavor)}"
    made: list[Any] = []
    found = examine(subject, [("declared", lambda: _make(flavor, made))])
    return found or examine(subject, _checks(made[0], name))


def _make(flavor: Any, made: list[Any]) -> Iterator[str]:
    """Put the flavor into `made`, or yield a sentence where the class is none."""
    bases = getattr(flavor, "__mro__", ())
    if any(base.__module__ == _FLAVOR and base.__name__ == "Flavor" for base in bases):
        made.append(flavor())
    else:
        yield f"{flavor!r} is not a subclass of ZenML's Flavor"


def _checks(flavor: Any, name: str) -> list[Check]:
    return [
        ("named", lambda: _named(flavor, name)),
        ("described", lambda: _undescribed(flavor.config_class)),
        ("documented", lambda: [*undocumented(type(flavor)), *undocumented(flavor.config_class)]),
        ("secrets", lambda: _open_secrets(flavor.config_class)),
        ("implemented", lambda: _unfinished(flavor.implementation_class)),
    ]


def _named(flavor: Any, name: str) -> Iterator[str]:
    if name and flavor.name != name:
        yield f"the entry point calls it {name!r}, and it calls itself {flavor.name!r}"
    kind = getattr(flavor.type, "value", flavor.type)
    if kind not in COMPONENT_TYPES:
        yield f"{kind!r} is not a component type of a stack: {', '.join(COMPONENT_TYPES)}"


def _own_settings(config: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield the settings that are the flavor's own, not ZenML's."""
    for base in config.__mro__:
        if not base.__module__.startswith("zenml.") and base.__module__ != "pydantic.main":
            yield from ((key, config.model_fields[key]) for key in get_annotations(base) if key in config.model_fields)


def _undescribed(config: type[BaseModel]) -> Iterator[str]:
    for name, field in _own_settings(config):
        if not (field.description or "").strip():
            yield f"the setting {name} has no description: {name}: … = Field(description=…)"


def _open_secrets(config: type[BaseModel]) -> Iterator[str]:
    for name, field in _own_settings(config):
        extra = field.json_schema_extra
        hidden = isinstance(extra, dict) and extra.get("sensitive")
        if names_secret(name, "") and not hidden and {field.annotation, *get_args(field.annotation)} & {str, bytes}:
            yield f"the setting {name} would hold a secret: declare it with zenml.utils.secret_utils.SecretField"


def _unfinished(implementation: Any) -> Iterator[str]:
    missing = sorted(getattr(implementation, "__abstractmethods__", ()))
    if missing:
        yield f"{implementation.__name__} does not define {', '.join(missing)}"
