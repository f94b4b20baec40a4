"""From a chosen name to a component with validated parameters."""

from typing import Any

from schemas.choice import Choice
from steps.registry import lookup


def create(slot: str, choice: Choice) -> Any:
    """Return the component chosen for `slot`.

    Raises:
        ConfigurationError: If the name is not registered.
        ValidationError: If the parameters are not the component's.
    """
    component = lookup(slot, choice.name)
    return component(component.Params.model_validate(choice.params))
