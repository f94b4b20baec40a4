"""The OpenAPI document: what every endpoint says of itself, and the columns of the current version."""

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic.json_schema import JsonSchemaMode

from schemas.column_types import TEXT
from schemas.lookups import LookupSpec
from schemas.signature import Signature
from serving.http.as_sent import as_sent
from serving.http.endpoint import Endpoint
from serving.http.json_schema import Json, schemas_of
from serving.http.live_models import live_schemas
from serving.http.path_names import MODEL, VERSION

_LONGEST_EXAMPLE = 2_000  # numbers of all arrays
_TEXT = "some text"
_PARAMETER = re.compile(r"{(\w+)}")
_BYTES = "application/octet-stream"
_OPAQUE: Json = {"schema": {"type": "string", "format": "binary"}}
_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
Bodies = Mapping[Any, Json]


def document(
    endpoints: Sequence[type[Endpoint]],
    model: str,
    version: str | None,
    signature: Signature | None,
    sample: Mapping[str, Any] | None = None,
    *,
    secured: bool = False,
    lookups: Sequence[LookupSpec] = (),
) -> Json:
    """Return the document.

    Args:
        endpoints: What the service answers, in the order of the document.
        model: The model's name.
        version: The current version, None before there is one.
        signature: Its signature; without one, rows are objects of anything.
        sample: A row that it takes, for the examples.
        secured: Whether the service asks for keys now.
        lookups: What gives columns that a row leaves out; the example leaves them out where it has their key.
    """
    sample = dict(sample or {}) if signature is None else _as_shown(signature, sample or {})
    given = {name for one in lookups if sample.get(one.key) is not None for name in one.columns}
    left = {name: value for name, value in sample.items() if name not in given}
    bodies, schemas = _schemas(tuple(endpoints))
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        example = endpoint.example(signature, left if endpoint.looks_up else sample)
        found = _operation(endpoint, bodies, example)
        if parameters := _parameters(endpoint, {MODEL: model, VERSION: version or "1"}):
            found["parameters"] = parameters
        paths.setdefault(endpoint.path, {})[endpoint.method] = found
        if secured and endpoint.needs_key:
            paths[endpoint.path][endpoint.method]["security"] = [{name: []} for name in _SCHEMES]
    live = {} if signature is None else live_schemas(signature, lookups)
    return {
        "openapi": "3.1.0",
        "info": {"title": model, "version": version or "none", "description": f"Predictions of the model {model}."},
        "paths": paths,
        "components": {"schemas": {name: live.get(name, schema) for name, schema in schemas.items()}}
        | ({"securitySchemes": _SCHEMES} if secured else {}),
    }


def _as_shown(signature: Signature, sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row as a client writes it, for a page.

    Long arrays are left empty: nobody reads them. A text is made up: a training text is nobody's business, and what is
    too short to be in a language is taken in all of them.
    """
    texts = {one.name: _TEXT[: one.max_characters] for one in signature.inputs if one.type == TEXT}
    shown = as_sent(signature, {name: texts.get(name, value) for name, value in sample.items()})
    if sum(str(value).count(",") for value in shown.values()) <= _LONGEST_EXAMPLE:
        return shown
    return {name: [] if isinstance(value, list) else value for name, value in shown.items()}


@cache
def _schemas(endpoints: tuple[type[Endpoint], ...]) -> tuple[Bodies, Json]:
    """Return the schemas of all bodies, by endpoint and status (None: the request), and the components.

    They depend on nothing else, and pydantic takes milliseconds for them.
    """
    kinds: list[tuple[Hashable, JsonSchemaMode, Any]] = []
    for one in endpoints:
        if one.request is not None:
            kinds.append(((one, None), "validation", one.request))
        kinds += [((one, status), "serialization", reply.body) for status, reply in one.every_reply().items()]
    return schemas_of(kinds)


def _parameters(endpoint: type[Endpoint], named: Mapping[str, str]) -> list[Json]:
    """Return what a path has in braces, with examples, and the headers that mean something."""
    inside = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": named[name]}
        for name in _PARAMETER.findall(endpoint.path)
    ]
    beside = [
        {"name": name, "in": "header", "required": False, "schema": {"type": "integer"}, "description": text}
        for name, text in endpoint.headers.items()
    ]
    return [*inside, *beside]


def _operation(endpoint: type[Endpoint], bodies: Bodies, example: Json | None) -> Json:
    operation: Json = {"summary": endpoint.summary}
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.request is not None:
        content = {"schema": bodies[endpoint, None]} | ({} if example is None else {"example": example})
        others = {_BYTES: _OPAQUE} if any(reply.is_also_binary for reply in endpoint.replies.values()) else {}
        operation["requestBody"] = {"required": True, "content": {"application/json": content} | others}
    operation["responses"] = {
        str(status): {
            "description": reply.text,
            "content": {reply.media: {"schema": bodies[endpoint, status]}}
            | ({_BYTES: _OPAQUE} if reply.is_also_binary else {}),
        }
        for status, reply in endpoint.every_reply().items()
    }
    return operation
