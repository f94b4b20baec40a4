"""The parts of a declared stack as ZenML is to have them; nothing of ZenML is needed to say so."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from schemas.stack import ComponentSpec, StackSpec
from stacks.shown import shown

PREFIX = "drivetrain-"
"""Begins the names of what we make in ZenML; what is named otherwise belongs to a person, and is never touched."""

Settings = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Part:
    """One component as it is declared.

    `settings` are as ZenML stores them, with a secret as a reference; `connector` is the name of a service connector.
    """

    kind: str
    name: str
    flavor: str
    settings: Settings
    connector: str | None = None
    connector_resource: str | None = None

    @property
    def details(self) -> dict[str, str]:
        """What a person is shown of it, without secrets."""
        access = {"connector": self.connector, "connector_resource": self.connector_resource}
        return {
            "flavor": self.flavor,
            **{key: shown(key, value) for key, value in self.settings.items()},
            **{key: shown(key, value) for key, value in access.items() if value is not None},
        }


def stack_name(spec: StackSpec) -> str:
    """Return the name under which ZenML has the stack; ours never collides with one that a person made."""
    return f"{PREFIX}{spec.name}"


def component_name(part: ComponentSpec) -> str:
    """Return a component's name, which is made of what is declared: stacks that declare the same share it.

    A change of the declaration names another component, so that none changes under a run that uses it.
    """
    short = f"{PREFIX}{part.flavor.removeprefix('drivetrain_')}"
    particular = [part.flavor, rendered(part.settings), part.connector, part.connector_resource]
    if particular[1:] == [{}, None, None]:
        return short
    return f"{short}-{hashlib.sha256(json.dumps(particular, sort_keys=True).encode()).hexdigest()[:8]}"


def parts(spec: StackSpec, as_stored: Callable[[str, ComponentSpec], Settings] | None = None) -> list[Part]:
    """Return the declared parts, in an order in which they may be made.

    Args:
        spec: The declared stack.
        as_stored: Gives a component's settings as its flavor would store them (`"1"` as 1), from kind and declaration;
            None takes them as declared.
    """
    stored = as_stored or (lambda _kind, part: rendered(part.settings))
    return [
        Part(kind, component_name(part), part.flavor, stored(kind, part), part.connector, part.connector_resource)
        for kind, part in spec.components.items()
    ]


def rendered(settings: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Return settings with each `{secret: NAME, key: KEY}` as ZenML refers to a secret; null is not declared."""
    return {name: _rendered(value) for name, value in settings.items() if value is not None}


def _rendered(value: Any) -> JsonValue:
    if isinstance(value, Mapping):
        if value.keys() == {"secret", "key"}:
            return "{{" + f"{value['secret']}.{value['key']}" + "}}"
        return rendered(value)
    return [_rendered(one) for one in value] if isinstance(value, list) else value
