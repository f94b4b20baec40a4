"""From a chosen name to a component with validated parameters."""

from typing import Any, get_args

from pydantic import BaseModel

from schemas.choice import Choice
from schemas.secret import SecretRef
from steps.registry import lookup
from steps.secrets import reveal


def create(component_kind: str, choice: Choice) -> Any:
    """Return the component chosen for `component_kind`.

    A component whose parameters may refer to secrets is given the function that reveals one.

    Raises:
        ConfigurationError: If the name is not registered.
        ValidationError: If the parameters are not the component's.
    """
    component = lookup(component_kind, choice.name)
    params = component.Params.model_validate(choice.params)
    return component(params, reveal) if _may_refer_to_secrets(component.Params) else component(params)


def _may_refer_to_secrets(model: type[BaseModel]) -> bool:
    kinds = (field.annotation for field in model.model_fields.values())
    return any(kind is SecretRef or SecretRef in get_args(kind) for kind in kinds)
