"""What BentoML writes of a service into a Bento: its routes, and its OpenAPI document, with the columns of its package.

BentoML knows methods that it decorates itself; ours are endpoints of an application that answers before BentoML does.
"""

import json
from typing import Any

from _bentoml_sdk import Service
from pydantic import TypeAdapter

from serving.http.json_schema import Json


class DescribedService(Service):  # type: ignore[misc,unused-ignore]
    """BentoML's service, which says what we answer."""

    def schema(self) -> Json:
        """Return BentoML's description of a service, with a route for each endpoint."""
        return {**super().schema(), **_routes()}

    @property
    def openapi_spec(self) -> Json:
        """Return the document that `/openapi.json` has once the version inside is in production."""
        return _plain(_document())


def _routes() -> Json:
    from serving.http.app import ENDPOINTS

    routes = [
        {
            "name": one.path.strip("/"),
            "route": one.path,
            "method": one.method.upper(),
            "description": one.summary,
            "batchable": False,
            "input": {} if one.request is None else TypeAdapter(one.request).json_schema(),
            "output": TypeAdapter(one.replies[200].body).json_schema(mode="serialization"),
            "is_task": False,
        }
        for one in ENDPOINTS
    ]
    return _plain({"routes": routes, "paths": {one.path: {"mounted": True} for one in ENDPOINTS}})


def _document() -> Json:
    from ml.package.storage import read_manifest, read_signature
    from serving.http.app import ENDPOINTS
    from serving.http.openapi import document
    from serving.process import contents
    from serving.releases.loaded_version import sample_row

    inside = contents.read()
    package = None if inside is None else inside.folder()
    if inside is None or package is None:
        return document(ENDPOINTS, "drivetrain" if inside is None else inside.model, None, None)
    manifest = read_manifest(package)
    return document(
        ENDPOINTS, inside.model, inside.version, read_signature(package, manifest), sample_row(package, manifest)
    )


def _plain(document: Json) -> Json:
    """Return it as JSON has it: YAML would write a tuple as Python's, and what stands twice as a reference."""
    plain: dict[str, Any] = json.loads(json.dumps(document))
    return plain
