"""`GET /livez` and `GET /readyz`: whether the process is alive, and whether requests are answered."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from serving.http.endpoint import Context, Page, Reply
from serving.http.errors import RETRY, HttpError
from serving.http.metric_table import READY
from serving.http.models import Error
from serving.journal.integrity import DAMAGED
from serving.releases.loaded_version import Version

if TYPE_CHECKING:
    from prometheus_client.core import Metric


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
    """A version is loaded, and the journal can be used, or is not needed for answers."""

    path = "/readyz"
    needs_key = False
    summary = "Requests are answered."
    replies = {200: Reply(summary, Ready), 503: Reply("Not ready; the message says why.", Error)}

    async def respond(self, request: Request) -> Response:
        """Return the current version, or 503 and the reason."""
        version = require_ready(self._context, request)
        return JSONResponse({"model": self._context.settings.model, "version": version.version})

    def metrics(self) -> "Iterator[Metric]":
        """Yield whether requests are answered."""
        yield READY.of([({"model": self._context.settings.model}, float(self._context.follower.is_ready))])


def require_ready(context: Context, request: Request) -> Version:
    """Return the current version. Raises HttpError, 503 with the reason, where requests are not answered."""
    follower, stops = context.follower, context.worker.leaving.is_under_way
    if follower.is_ready and follower.current is not None and not stops:
        return follower.current
    withheld = "the service is about to stop" if stops else follower.journal.withholds or follower.why_not_ready
    why = f"not ready: {withheld}"
    told = why if _may_know(context, request) else f"not ready: {_less(why.removeprefix('not ready: '))}"
    raise HttpError(503, told, headers=RETRY, reason=why)


def _may_know(context: Context, request: Request) -> bool:
    """Say whether the reason, which may name files, is for who asks."""
    if not context.authentication.is_needed(request.scope):
        return True
    try:
        context.authentication.check(request.scope["headers"])
    except HttpError:
        return False
    return True


def _less(why: str) -> str:
    """Return a reason without what it quotes, such as a package's URL; that the journal is damaged quotes nothing."""
    return why if why.startswith(DAMAGED) else why.partition(": ")[0]
