"""The page under `/docs`: the OpenAPI document for a person, whole in one file, so that it works without a network."""

import json
from html import escape
from typing import Any

from ml.values.display import NAME, escaped, readable

Json = dict[str, Any]
_STYLE = """
:root{color-scheme:light dark;--line:#8886;--code:#8882}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,monospace;font-size:13px;background:var(--code);padding:.1em .3em;border-radius:4px}
pre{padding:1em;overflow:auto;overflow-wrap:normal} table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.3em .6em .3em 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child{min-width:6rem} .word{white-space:nowrap} h2{margin-top:2em}
@media(max-width:42rem){tr{display:block;padding:.5em 0;border-bottom:1px solid var(--line)}
td{display:block;border:0;padding:.1em 0} th{display:none}}
"""


def docs(document: Json) -> str:
    """Return the page for an OpenAPI document."""
    info, schemas = document["info"], document["components"]["schemas"]
    paths = "".join(_path(path, methods) for path, methods in document["paths"].items())
    examples = "".join(_request(*example) for example in _examples(document["paths"]))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(info["title"])}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(info['title'])}</h1>"
        f"<p>{escape(info['description'])} Current version: <code>{escape(info['version'])}</code>. "
        f'The same as data: <a href="openapi.json">openapi.json</a>.</p>{examples}'
        f"<h2>Columns of a row</h2>{_columns(schemas['Row'])}{paths}</body></html>"
    )


def _examples(paths: Json) -> list[tuple[str, str, Json]]:
    """Return path, summary and an example of its body for every operation that has one."""
    return [
        (path, operation["summary"], content["example"])
        for path, methods in paths.items()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "example" in content
    ]


def _request(path: str, summary: str, body: Json) -> str:
    text = "\n".join(map(escaped, json.dumps(body, indent=1, ensure_ascii=False).split("\n")))
    return (
        f"<h2>Example: {escape(summary.removesuffix('.'))}</h2>"
        f"<pre>POST {escape(path)}\ncontent-type: application/json\n\n{escape(text)}</pre>"
    )


def _columns(row: Json) -> str:
    required = set(row.get("required", []))
    lines = "".join(
        f"<tr><td><code>{escape(readable(name, NAME))}</code></td><td>{escape(_kinds(shape))}</td>"
        f'<td class="word">{"required" if name in required else "may be missing"}</td>'
        f"<td>{escape(escaped(shape.get('description', '')))}</td></tr>"
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
