"""`GET /openapi.json` and `GET /docs`: the OpenAPI document of all endpoints, as data and as a page."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from serving.http import docs_page, openapi
from serving.http.endpoint import Context, Page, Reply
from serving.http.json_schema import Json


class OpenApi(Page):
    """The document."""

    path = "/openapi.json"
    summary = "This document."
    replies = {200: Reply(summary, dict[str, Any])}

    async def respond(self, request: Request) -> Response:
        """Return it as JSON."""
        return JSONResponse(_document(self._context))


class Docs(Page):
    """The document for a person."""

    path = "/docs"
    summary = "This document as a page."
    replies = {200: Reply(summary, str, "text/html")}

    async def respond(self, request: Request) -> Response:
        """Return it as a page."""
        return HTMLResponse(docs_page.docs(_document(self._context)))


def _document(context: Context) -> Json:
    endpoints, model, current = (
        [type(one) for one in context.endpoints],
        context.settings.model,
        context.follower.current,
    )
    if current is None:
        return openapi.document(endpoints, model, None, None)
    return openapi.document(endpoints, model, current.version, current.model.signature, current.sample)
