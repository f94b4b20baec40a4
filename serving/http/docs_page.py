"""The page under `/docs`: the OpenAPI document for a person, whole in one file, so that it works without a network."""

import json
from typing import Any

from ml.values.display import escaped

Json = dict[str, Any]


def docs(document: Json) -> str:
    """Return the page for an OpenAPI document. Until someone asks for it, nothing that renders pages is imported."""
    from ml.reports.templates import render_page

    schemas = document["components"]["schemas"]
    context = {
        "info": document["info"],
        "instances": _text({"instances": [schemas["Row"].get("example", {})]}),
        "label": _text(schemas["FeedbackRequest"]["example"]),
        "row": schemas["Row"],
        "kinds": _kinds,
        "paths": document["paths"],
    }
    return render_page(__file__, context)


def _text(body: Json) -> str:
    return "\n".join(map(escaped, json.dumps(body, indent=1, ensure_ascii=False).split("\n")))


def _kinds(shape: Json) -> str:
    kind = shape.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
