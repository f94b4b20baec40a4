"""Components as a run makes them: parameters from JSON, and a way to secrets for those that refer to one."""

import json
from collections.abc import Mapping
from typing import Any, get_args

from schemas.secret import SecretRef


def build(component: type[Any], given: Mapping[str, Any]) -> Any:
    """Return the component with these parameters.

    Raises:
        ValidationError: If they are not its.
    """
    params = component.Params.model_validate(json.loads(json.dumps(dict(given), default=str)))
    kinds = (field.annotation for field in component.Params.model_fields.values())
    refers = any(kind is SecretRef or SecretRef in get_args(kind) for kind in kinds)
    return component(params, _reveal) if refers else component(params)


def _reveal(reference: SecretRef) -> str:
    raise LookupError(f"an example names a secret, {reference.env or reference.secret}; nobody has it here")
