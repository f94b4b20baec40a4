"""The settings of a component, as far as they are of the type that they should be.

What is of another type is a fault of the flavor's own schema, which is found elsewhere.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.bare_logins import holds_login
from schemas.errors import Fault, did_you_mean, listed
from schemas.stack import ComponentSpec, StackSpec

_LARGEST = 2**63


@dataclass(frozen=True)
class Declared:
    """A component's settings and where they stand."""

    kind: str
    flavor: str
    values: Mapping[str, Any]
    prefix: str = "settings"

    def at(self, name: str) -> str:
        """Return the key path of a setting."""
        return f"stack.{self.kind}.{self.prefix}.{name}"

    def text(self, name: str) -> str | None:
        """Return a text; None where there is none, where a secret stands for it, or where it must not be quoted."""
        value = self.values.get(name)
        if not isinstance(value, str) or value.startswith("{{") or holds_login(name, value):
            return None
        return value

    def number(self, name: str) -> float | None:
        """Return a number, an infinite one where it is too large to be counted with; None where there is none."""
        value = self.values.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        return value if isinstance(value, float) or abs(value) <= _LARGEST else (math.inf if value > 0 else -math.inf)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Return a mapping; an empty one where there is none."""
        value = self.values.get(name)
        return value if isinstance(value, Mapping) else {}

    def entries(self, name: str) -> Sequence[Any]:
        """Return a list; an empty one where there is none."""
        value = self.values.get(name)
        return value if isinstance(value, list | tuple) else []

    def inside(self, name: str) -> "Declared":
        """Return the settings that stand within one of them."""
        return Declared(self.kind, self.flavor, self.mapping(name), f"{self.prefix}.{name}")

    def fault(self, name: str, what: str, hint: str = "") -> Fault:
        """Return a fault of a setting."""
        return Fault(self.at(name), what, hint)

    def matching(self, name: str, pattern: str, what: str, hint: str) -> list[Fault]:
        """Return a fault if a declared text is not wholly of the pattern: `'banana' is no WHAT`."""
        value = self.text(name)
        return (
            [] if value is None or re.fullmatch(pattern, value) else [self.fault(name, f"{value!r} is no {what}", hint)]
        )

    def among(self, name: str, known: Sequence[str], what: str, hint: str = "") -> list[Fault]:
        """Return a fault if a declared text is none of those known."""
        value = self.text(name)
        if value is None or value in known:
            return []
        text = f"{value!r} is no {what}.{did_you_mean(value, list(known))}"
        return [self.fault(name, text, hint or f"known: {listed(sorted(known))}")]

    def within(self, name: str, lowest: float, highest: float, unit: str) -> list[Fault]:
        """Return a fault if a declared number lies outside the bounds."""
        value = self.number(name)
        if value is None or lowest <= value <= highest:
            return []
        return [self.fault(name, f"{value:g} is not between {lowest:g} and {highest:g} {unit}")]

    def required(self, name: str, example: str) -> list[Fault]:
        """Return a fault if a setting without which nothing works is not declared."""
        if self.values.get(name) is not None:
            return []
        return [self.fault(name, "is not declared", f"for example {self.at(name)}={example}")]


def declared(spec: StackSpec, kind: str) -> Declared:
    """Return a component's settings; those of a component that is not declared are empty."""
    part: ComponentSpec | None = getattr(spec, kind)
    return Declared(kind, "", {}) if part is None else Declared(kind, part.flavor, part.settings)
