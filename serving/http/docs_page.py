"""The page under `/docs`: the OpenAPI document for a person, whole in one file, so that it works without a network."""

import json
from typing import Any

from ml.values.display import escaped

Json = dict[str, Any]


def docs(document: Json) -> str:
    """Return the page for an OpenAPI document. Until someone asks for it, nothing that renders pages is imported."""
    from ml.reports.templates import render_page

    context = {
        "info": document["info"],
        "examples": _examples(document["paths"]),
        "row": document["components"]["schemas"]["Row"],
        "kinds": _kinds,
        "paths": document["paths"],
    }
    return render_page(__file__, context)


def _examples(paths: Json) -> list[tuple[str, str, str]]:
    """Return path, summary and an example of its body, as text, for every operation that has one."""
    return [
        (path, operation["summary"].removesuffix("."), _text(content["example"]))
        for path, methods in paths.items()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "example" in content
    ]


def _text(body: Json) -> str:
    return "\n".join(map(escaped, json.dumps(body, indent=1, ensure_ascii=False).split("\n")))


def _kinds(shape: Json) -> str:
    kind = shape.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
