"""JSON schemas of pydantic models, as the OpenAPI document has them."""

from collections.abc import Hashable, Iterable
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core.core_schema import WithDefaultSchema

Json = dict[str, Any]
_PLACE = "#/components/schemas/{model}"
_UNIONS: Literal["primitive_type_array"] = "primitive_type_array"  # "type": ["number", "null"] rather than "anyOf"


class _Plain(GenerateJsonSchema):
    """Without what says nothing: titles that repeat a field's name, and null as the default of what may be missing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        return (
            super().default_schema(schema)
            if schema.get("default") is not None
            else self.generate_inner(schema["schema"])
        )


def schema_of(kind: Any) -> Json:
    """Return the schema of a type; models inside it are referred to as components of the document."""
    schema = TypeAdapter(kind).json_schema(ref_template=_PLACE, schema_generator=_Plain, union_format=_UNIONS)
    return {key: value for key, value in schema.items() if key != "$defs"}


def schemas_of(kinds: Iterable[tuple[Hashable, JsonSchemaMode, Any]]) -> tuple[dict[Hashable, Json], Json]:
    """Return the schemas of types by key, and the components that they refer to by name.

    Args:
        kinds: A key of its own, "validation" for what is sent to us or "serialization" for what we answer, the type.
    """
    found, shared = TypeAdapter.json_schemas(
        [(key, mode, TypeAdapter(kind)) for key, mode, kind in kinds],
        ref_template=_PLACE,
        schema_generator=_Plain,
        union_format=_UNIONS,
    )
    return {key: schema for (key, _), schema in found.items()}, shared.get("$defs", {})
