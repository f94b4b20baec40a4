"""The service's endpoints as one ASGI application."""

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.errors import did_you_mean
from serving.http.answering import Answering
from serving.http.authentication import Authentication
from serving.http.documentation import Docs, OpenApi, ask_for_key
from serving.http.endpoint import Context, Endpoint
from serving.http.errors import HttpError, content_of
from serving.http.feedback import Feedback
from serving.http.health import Livez, Readyz
from serving.http.held import Held
from serving.http.metrics import Metrics, state_of
from serving.http.path_names import MODEL
from serving.http.post import Post
from serving.http.predict import Predict
from serving.http.refusal_log import refused
from serving.http.releases import Releases
from serving.http.security import ANSWER
from serving.http.v2.infer import Infer, InferVersion
from serving.http.v2.pages import ModelMetadata, ModelReady, VersionMetadata, VersionReady
from serving.http.v2.server import Server, ServerLive, ServerReady
from serving.http.worker import Worker
from serving.journal.writer import Journal
from serving.keys.key import masked
from serving.keys.store import named_file
from serving.process.settings import Settings
from serving.releases.follower import Follower
from serving.rollouts.controller import Controller

if TYPE_CHECKING:
    from serving.http.telemetry import Telemetry

PROTOCOL: tuple[type[Endpoint], ...] = (
    *(Server, ServerLive, ServerReady, ModelMetadata, VersionMetadata, ModelReady, VersionReady),
    *(Infer, InferVersion),
)
"""The Open Inference Protocol v2."""
ENDPOINTS: tuple[type[Endpoint], ...] = (
    *(Predict, Feedback, Releases, Livez, Readyz, Metrics, OpenApi, Docs),
    *PROTOCOL,
)
"""All that the service answers; the document, the page, the metrics and the hint of a 404 follow this list."""


_PATH_SHOWN = 200  # characters
_REASONS = {404: "there is no such path", 405: "the method is not allowed"}


def build(
    settings: Settings,
    follower: Follower,
    journal: Journal,
    worker: Worker | None = None,
    telemetry: "Telemetry | None" = None,
    controller: Controller | None = None,
) -> ASGIApp:
    """Return the application; requests to an endpoint that takes a body go past the router."""
    worker = worker or Worker.alone(settings)
    endpoints: list[Endpoint] = []
    authentication = Authentication(settings.keys or named_file(), is_open=settings.spec.open)
    answering = Answering(settings, follower, journal, worker.pulse, worker.admission)
    held = Held(settings.spec.held)
    context = Context(
        settings, follower, journal, endpoints, held, authentication, answering, worker, telemetry, controller
    )
    endpoints += [endpoint(context) for endpoint in ENDPOINTS]
    worker.sharing.start(lambda: (family for one in endpoints for family in one.metrics()), lambda: state_of(context))
    if telemetry is not None:
        telemetry.report(lambda: [family for one in endpoints for family in one.metrics()])
    direct: dict[str, ASGIApp] = {
        path: one
        for one in endpoints
        if isinstance(one, Post) and "{" not in (path := one.path.replace(f"{{{MODEL}}}", settings.model))
    }
    whole = Response(status_code=204, headers={"allow": "GET, HEAD, POST, OPTIONS"})  # the server as a whole
    whole.raw_headers += ANSWER
    direct["*"] = whole
    known = [one.path for one in endpoints]
    without_key = {one.path for one in endpoints if not one.needs_key}

    async def not_found(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for HTTPException only"
        path, text = request.scope["path"][:_PATH_SHOWN], error.detail
        if error.status_code == 404:
            text = f"there is no {masked(path)}.{did_you_mean(path, known)} Known: {', '.join(known)}"
        elif error.status_code == 405:
            text = f"use {(error.headers or {}).get('Allow', 'another method')}"
        refused(request.scope, error.status_code, _REASONS.get(error.status_code, error.detail))
        content = content_of(HttpError(error.status_code, text), request.scope["path"])
        response = JSONResponse(content, error.status_code, headers=error.headers)
        response.raw_headers += ANSWER
        return response

    routes = [Route(one.path, one, methods=[one.method.upper()]) for one in endpoints if one.path not in direct]
    starlette = Starlette(routes=routes, exception_handlers={HTTPException: not_found})
    starlette.router.redirect_slashes = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if authentication.is_needed(scope) and scope["path"] not in without_key:
            try:
                authentication.check(scope["headers"])
            except HttpError as error:
                await ask_for_key(scope, receive, send, error)
                return
        await direct.get(scope["path"], starlette)(scope, receive, send)

    return app if worker.access_log is None else worker.access_log.around(app)
