"""`GET /openapi.json` and `GET /docs`: the OpenAPI document of all endpoints, as data and as a page."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from serving.http import docs_page, openapi, security
from serving.http.endpoint import Context, Page, Reply
from serving.http.errors import HttpError, refuse
from serving.http.json_schema import Json
from serving.http.refusal_log import refused


class OpenApi(Page):
    """The document."""

    path = "/openapi.json"
    summary = "This document."
    replies = {200: Reply(summary, dict[str, Any])}

    async def respond(self, request: Request) -> Response:
        """Return it as JSON."""
        return JSONResponse(_document(self._context, request))


class Docs(Page):
    """The document for a person."""

    path = "/docs"
    summary = "This document as a page."
    replies = {200: Reply(summary, str, "text/html")}

    async def respond(self, request: Request) -> Response:
        """Return it as a page."""
        page = docs_page.docs(
            _document(self._context, request), secured=self._context.authentication.is_needed(request.scope)
        )
        response = HTMLResponse(page)
        response.raw_headers += security.page(page)
        return response


async def ask_for_key(scope: Scope, receive: Receive, send: Send, error: HttpError) -> None:
    """Refuse a request for want of a key; a browser that wants the page gets a field for the key with it."""
    accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    if scope["path"] != Docs.path or b"text/html" not in accepted:
        await refuse(scope, receive, send, error)
        return
    refused(scope, error.status, error.reason)
    page = docs_page.locked()
    response = HTMLResponse(page, error.status)
    response.raw_headers += [*security.ANSWER, *security.page(page), *error.headers]
    await response(scope, receive, send)


def _document(context: Context, request: Request) -> Json:
    endpoints, model, current = (
        [type(one) for one in context.endpoints],
        context.settings.model,
        context.follower.current,
    )
    secured = context.authentication.is_needed(request.scope)
    if current is None:
        return openapi.document(endpoints, model, None, None, secured=secured)
    return openapi.document(
        endpoints,
        model,
        current.version,
        current.model.signature,
        current.sample,
        secured=secured,
        lookups=context.settings.spec.lookups,
    )
