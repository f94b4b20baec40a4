"""A pydantic model's fields as parameters that a person can read."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticSerializationError, PydanticUndefined

from cli.config.schema_paths import describe
from schemas.catalog import Parameter

ANY_OTHER = "…"
"""The name of the parameter that stands for any other, which the component checks itself."""
_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def parameters_of(model: type[BaseModel]) -> Iterator[Parameter]:
    """Yield the fields of a model."""
    for name, field in model.model_fields.items():
        yield Parameter(
            name=field.alias or name,
            type=describe(field.annotation),
            required=field.is_required(),
            default=None if field.is_required() else plain(field.get_default(call_default_factory=True)),
            description=field.description or "",
        )
    if model.model_config.get("extra") == "allow":
        what = "any other key, checked by the component"
        yield Parameter(name=ANY_OTHER, type="anything", required=False, description=what)


def plain(value: Any) -> Any:
    """Return a default as JSON holds it; what JSON does not know becomes text."""
    if value is PydanticUndefined:
        return None
    try:
        return _JSON.dump_python(value, mode="json")
    except PydanticSerializationError:
        return str(value)


def summary(kind: type[Any]) -> str:
    """Return the first paragraph of a class's own docstring, in one line."""
    return " ".join((kind.__dict__.get("__doc__") or "").strip().split("\n\n")[0].split())
