"""The page under `/docs`: the OpenAPI document for a person, whole in one file, so that it works without a network.

Its script sends the examples as they are edited. Where the service asks for keys the page asks for one and keeps it in
its memory alone; without a key there is the field for it, and nothing of the model.
"""

import json
import unicodedata
from typing import Any

from serving.http.endpoint import EVERY

Json = dict[str, Any]
_EVERY = {str(status): reply.text for status, reply in EVERY.items()}


def docs(document: Json, *, secured: bool = False) -> str:
    """Return the page for an OpenAPI document; `secured`: it shows the field for a key.

    Until someone asks for it, nothing that renders pages is imported.
    """
    from ml.reports.templates import render_page

    context = {
        "info": document["info"],
        "secured": secured,
        "examples": _examples(document["paths"]),
        "row": document["components"]["schemas"]["Row"],
        "kinds": _kinds,
        "paths": document["paths"],
        "own": _own,
        "every": {status: text for status, text in _EVERY.items() if secured or status != "401"},
    }
    return render_page(__file__, context)


def locked() -> str:
    """Return the page for who shows no good key: the field for one."""
    from ml.reports.templates import render_page

    return render_page(__file__, {"info": None, "secured": True})


def _examples(paths: Json) -> list[tuple[str, str, str]]:
    """Return path, summary and an example of its body, as text, for every operation that has one."""
    return [
        (_named(path, operation), operation["summary"].removesuffix("."), _text(content["example"]))
        for path, methods in paths.items()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "example" in content
    ]


def _named(path: str, operation: Json) -> str:
    """Return a path with its parameters' examples in their places."""
    for one in operation.get("parameters", ()):
        path = path.replace(f"{{{one['name']}}}", str(one.get("example")))
    return path


def _text(body: Json) -> str:
    """Return JSON that a person can read, and that is the same JSON: what cannot be seen is written as JSON does."""
    return "".join(map(_seen, json.dumps(body, indent=1, ensure_ascii=False)))


def _seen(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def _own(responses: Json) -> list[tuple[str, str]]:
    """Return status and text of what an operation answers that is not said of all of them."""
    found = ((status, response["description"]) for status, response in sorted(responses.items()))
    return [(status, text) for status, text in found if _EVERY.get(status) != text]


def _kinds(shape: Json) -> str:
    kind = shape.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
