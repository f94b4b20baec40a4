"""A place in a manifest: what stands there, and how it is called in a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.errors import Fault


@dataclass(frozen=True)
class Place:
    """A mapping within a manifest; `path` names it, `values` are empty where something else stands there."""

    path: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, number: int, document: Any) -> "Place":
        """Return a whole manifest, called by its kind and name."""
        values = document if isinstance(document, dict) else {}
        metadata = values.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return cls(f"{values.get('kind', f'document {number + 1}')} {name or ''}".strip(), values)

    def at(self, name: str) -> str:
        """Return how something within is called."""
        return f"{self.path}.{name}"

    def fault(self, name: str, message: str, hint: str = "") -> Fault:
        """Return a fault of something within."""
        return Fault(self.at(name), message, hint)

    def text(self, name: str) -> str | None:
        """Return what stands at a key as text; None where nothing does."""
        value = self.values.get(name)
        return None if value is None else str(value)

    def inside(self, name: str) -> "Place":
        """Return the mapping at a key."""
        value = self.values.get(name)
        return Place(self.at(name), value if isinstance(value, dict) else {})

    def listed(self, name: str) -> list[tuple[str, Any]]:
        """Return the values of the list at a key, each with what it is called in this place."""
        value = self.values.get(name)
        return [(f"{name}[{number}]", one) for number, one in enumerate(value if isinstance(value, list) else [])]

    def entries(self, name: str) -> "list[Place]":
        """Return the mappings of the list at a key."""
        value = self.values.get(name)
        found = value if isinstance(value, list) else []
        return [Place(f"{self.at(name)}[{number}]", one) for number, one in enumerate(found) if isinstance(one, dict)]
