"""The service's paths as one ASGI application."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.errors import did_you_mean
from serving.http import docs_page, openapi
from serving.http.endpoint import Endpoint
from serving.http.feedback import Feedback
from serving.http.metrics import CONTENT_TYPE, Metrics
from serving.http.predict import Predict
from serving.journal.writer import Journal
from serving.process.settings import Settings
from serving.releases import events
from serving.releases.follower import Follower

Page = Callable[[Request], Awaitable[Response]]
PREDICT, FEEDBACK = "/predict", "/feedback"


def build(settings: Settings, follower: Follower, journal: Journal) -> ASGIApp:
    """Return the application; requests to /predict and /feedback take the short way past the router."""
    metrics = Metrics(settings.model, lambda: follower.current.version if follower.current else None)
    predict, feedback = Predict(settings.model, follower, journal, metrics), Feedback(follower, journal, metrics)
    posts = {
        PREDICT: Endpoint(PREDICT, settings.spec, predict.respond, metrics.request),
        FEEDBACK: Endpoint(FEEDBACK, settings.spec, feedback.respond, feedback.count),
    }
    pages = _Pages(settings.model, follower, metrics)
    paths: dict[str, Page] = {
        "/livez": pages.livez,
        "/readyz": pages.readyz,
        "/metrics": pages.metrics,
        "/releases": pages.releases,
        "/openapi.json": pages.openapi,
        "/docs": pages.docs,
    }

    async def not_found(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for HTTPException only"
        known, path, text = [*posts, *paths], request.url.path, error.detail
        if error.status_code == 404:
            text = f"there is no {path}.{did_you_mean(path, known)} Known: {', '.join(known)}"
        return JSONResponse({"error": {"message": text}}, error.status_code, headers=error.headers)

    routes = [Route(path, endpoint) for path, endpoint in paths.items()]
    starlette = Starlette(routes=routes, exception_handlers={HTTPException: not_found})
    starlette.router.redirect_slashes = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await posts.get(scope["path"], starlette)(scope, receive, send)

    return app


class _Pages:
    """Everything that is read."""

    def __init__(self, model: str, follower: Follower, metrics: Metrics) -> None:
        self._model, self._follower, self._metrics = model, follower, metrics

    async def livez(self, _request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(self, _request: Request) -> Response:
        if self._follower.is_ready and self._follower.current is not None:
            return JSONResponse({"model": self._model, "version": self._follower.current.version})
        why = self._follower.journal_error or self._follower.why_not_ready
        return JSONResponse({"error": {"message": f"not ready: {why}"}}, 503, headers={"retry-after": "1"})

    async def metrics(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type=CONTENT_TYPE)

    async def releases(self, _request: Request) -> Response:
        return JSONResponse([release.model_dump() for release in events.overview(self._follower.events)])

    async def openapi(self, _request: Request) -> Response:
        return JSONResponse(self._document())

    async def docs(self, _request: Request) -> Response:
        return HTMLResponse(docs_page.docs(self._document()))

    def _document(self) -> dict[str, Any]:
        current = self._follower.current
        if current is None:
            return openapi.document(self._model, None, None)
        return openapi.document(self._model, current.version, current.model.signature, current.sample)
