"""What the protocol tells of the server, and whether it lives and answers."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from schemas.own_version import VERSION
from serving.http.endpoint import Page, Reply
from serving.http.health import require_ready
from serving.http.v2 import models
from serving.http.v2.replies import NOT_READY, in_protocol

_EXTENSIONS = ["binary_tensor_data"]


class Server(Page):
    """The server."""

    path = "/v2"
    summary = "The server (Open Inference Protocol v2)."
    replies = {**in_protocol({}), 200: Reply(summary, models.ServerMetadata)}

    async def respond(self, request: Request) -> Response:
        """Return its name, its version, and what of the protocol's extensions it has."""
        return JSONResponse({"name": "drivetrain", "version": VERSION, "extensions": _EXTENSIONS})


class ServerLive(Page):
    """The process is alive."""

    path = "/v2/health/live"
    needs_key = False  # as /livez
    summary = "The process is alive (Open Inference Protocol v2)."
    replies = {**in_protocol({}), 200: Reply(summary, models.Live)}

    async def respond(self, request: Request) -> Response:
        """Return that it is."""
        return JSONResponse({"live": True})


class ServerReady(Page):
    """A version is loaded and the journal can be used."""

    path = "/v2/health/ready"
    needs_key = False  # as /readyz
    summary = "Requests are answered (Open Inference Protocol v2)."
    replies = {**in_protocol(NOT_READY), 200: Reply(summary, models.ServerReady)}

    async def respond(self, request: Request) -> Response:
        """Return that they are, or 503 and the reason."""
        require_ready(self._context, request)
        return JSONResponse({"ready": True})
