"""ZenML's own flavors without its store: what a plan asks where ZenML was never used."""

from dataclasses import dataclass
from functools import cached_property
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

    def list_flavors(self, type: str, name: str | None = None, **_paging: Any) -> Found:
        """Return the flavors of a kind of component, by name if one is given."""
        found = _matching(self._built_in, type, name)
        if name is None or not found:
            found += _matching(self._of_integrations, type, name)
        return Found([self._model(one) for one in found])

    def list_service_connectors(self, **_query: Any) -> Found:
        """Return none: connectors are a store's."""
        return Found([])

    def get_secret_by_name_and_private_status(self, name: str) -> Any:
        """Find none: secrets are a store's. Raises KeyError."""
        raise KeyError(name)

    def _model(self, flavor: Any) -> Any:
        """Return a flavor as the store would have it; its schema takes a while to make."""
        key = (flavor.type.value, flavor.name)
        if key not in self._models:
            self._models[key] = flavor.to_model(integration=None, is_custom=False)
        return self._models[key]

    @cached_property
    def _models(self) -> dict[tuple[str, str], Any]:
        return {}

    @cached_property
    def _built_in(self) -> list[Any]:
        from zenml.stack.flavor_registry import FlavorRegistry

        return [flavor() for flavor in FlavorRegistry().builtin_flavors]

    @cached_property
    def _of_integrations(self) -> list[Any]:
        """Importing these takes half a second."""
        from zenml.stack.flavor_registry import FlavorRegistry

        return [flavor() for flavor in FlavorRegistry().integration_flavors]


def _matching(flavors: list[Any], kind: str, name: str | None) -> list[Any]:
    return [one for one in flavors if one.type.value == kind and name in (None, one.name)]
