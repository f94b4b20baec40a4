"""`GET /livez` and `GET /readyz`: whether the process is alive, and whether requests are answered."""

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from serving.http.endpoint import Page, Reply
from serving.http.errors import HttpError
from serving.http.models import Error
from serving.http.refusal_log import refused
from serving.journal.integrity import DAMAGED


class Ready(BaseModel):
    """The current version."""

    model: str
    version: str


class Livez(Page):
    """The process is alive."""

    path = "/livez"
    needs_key = False  # who keeps a service alive need not be trusted with one
    summary = "The process is alive."
    replies = {200: Reply(summary, str, "text/plain")}

    async def respond(self, request: Request) -> Response:
        """Return a word."""
        return PlainTextResponse("alive\n")


class Readyz(Page):
    """A version is loaded and the journal can be used."""

    path = "/readyz"
    needs_key = False
    summary = "Requests are answered."
    replies = {200: Reply(summary, Ready), 503: Reply("Not ready; the message says why.", Error)}

    async def respond(self, request: Request) -> Response:
        """Return the current version, or 503 and the reason."""
        follower = self._context.follower
        if follower.is_ready and follower.current is not None:
            return JSONResponse({"model": self._context.settings.model, "version": follower.current.version})
        why = follower.journal_error or follower.why_not_ready
        refused(request.scope, 503, f"not ready: {why}")
        told = why if self._may_know(request) else _less(str(why))
        return JSONResponse({"error": {"message": f"not ready: {told}"}}, 503, headers={"retry-after": "1"})

    def _may_know(self, request: Request) -> bool:
        """Say whether the reason, which may name files, is for who asks."""
        authentication = self._context.authentication
        if not authentication.is_needed(request.scope):
            return True
        try:
            authentication.check(request.scope["headers"])
        except HttpError:
            return False
        return True


def _less(why: str) -> str:
    """Return a reason without what it quotes, such as a package's URL; that the journal is damaged quotes nothing."""
    return why if why.startswith(DAMAGED) else why.partition(": ")[0]
