"""The page under `/docs`: the OpenAPI document for a person, whole in one file, so that it works without a network."""

import json
from html import escape
from typing import Any

Json = dict[str, Any]
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
code,pre{font-family:ui-monospace,monospace;font-size:13px;background:#f4f4f4;padding:.1em .3em;border-radius:4px}
pre{padding:1em;overflow:auto} table{border-collapse:collapse;width:100%} td,th{text-align:left;padding:.3em .6em;
border-bottom:1px solid #ddd;vertical-align:top} h2{margin-top:2em}
"""


def docs(document: Json) -> str:
    """Return the page for an OpenAPI document."""
    info, schemas = document["info"], document["components"]["schemas"]
    paths = "".join(_path(path, methods) for path, methods in document["paths"].items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(info['title'])}</h1>"
        f"<p>{escape(info['description'])} Version that answers now: <code>{escape(info['version'])}</code>. "
        f'The same as data: <a href="openapi.json">openapi.json</a>.</p>{_example(schemas)}'
        f"<h2>Columns of a row</h2>{_columns(schemas['Row'])}{paths}</body></html>"
    )


def _example(schemas: Json) -> str:
    rows = {"instances": [schemas["Row"].get("example", {})]}
    label = schemas["FeedbackRequest"]["example"]
    return (
        f"<h2>A request</h2>{_request('/predict', rows)}"
        "<h2>A label that arrives later</h2><p>With the <code>request_id</code> of the answer, and the position of the "
        f"row among its instances.</p>{_request('/feedback', label)}"
    )


def _request(path: str, body: Json) -> str:
    text = json.dumps(body, indent=1, ensure_ascii=False)
    return f"<pre>POST {path}\ncontent-type: application/json\n\n{escape(text)}</pre>"


def _columns(row: Json) -> str:
    required = set(row.get("required", []))
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_kinds(shape))}</td>"
        f"<td>{'required' if name in required else 'may be missing'}</td>"
        f"<td>{escape(shape.get('description', ''))}</td></tr>"
        for name, shape in row.get("properties", {}).items()
    )
    return f"<table><tr><th>column</th><th>type</th><th></th><th></th></tr>{lines}</table>"


def _kinds(shape: Json) -> str:
    kind = shape.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _path(path: str, methods: Json) -> str:
    text = ""
    for method, operation in methods.items():
        lines = "".join(
            f"<tr><td><code>{escape(status)}</code></td><td>{escape(response['description'])}</td></tr>"
            for status, response in sorted(operation["responses"].items())
        )
        text += (
            f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])} "
            f"{escape(operation.get('description', ''))}</p><table>{lines}</table>"
        )
    return text
