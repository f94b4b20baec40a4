"""ZenML's own flavors without its store: what a plan asks where ZenML was never used."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Found:
    """What a query of ZenML's client gives, as far as our checks read it."""

    items: list[Any]

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.items)


class ShippedFlavors:
    """Answers what the checks of settings ask ZenML's client, for a store that has nothing but what ZenML ships."""

    def __init__(self) -> None:
        from zenml.stack.flavor_registry import FlavorRegistry

        registry = FlavorRegistry()
        self._flavors = [flavor() for flavor in (*registry.builtin_flavors, *registry.integration_flavors)]

    def list_flavors(self, type: str, name: str | None = None, **_paging: Any) -> Found:  # noqa: A002
        """Return the flavors of a kind of component, by name if one is given."""
        matching = [one for one in self._flavors if one.type.value == type and name in (None, one.name)]
        return Found([one.to_model(integration=None, is_custom=False) for one in matching])

    def list_service_connectors(self, **_query: Any) -> Found:
        """Return none: connectors are a store's."""
        return Found([])
