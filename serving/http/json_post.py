"""A `POST` of JSON: method, queue, deadline and body limits, and one response whatever happens."""

import asyncio
import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from starlette.types import Receive, Scope, Send

from serving.http import body
from serving.http.endpoint import Context, Endpoint, Reply
from serving.http.errors import RETRY, Broken, Disconnected, HttpError, refuse
from serving.http.models import Error
from serving.http.security import ANSWER
from serving.http.whole import write_whole

logger = logging.getLogger("bentoml.drivetrain")
_CLOSE = ((b"connection", b"close"),)
_HEADERS = ((b"content-type", b"application/json"), *ANSWER)

REFUSALS = {
    400: Reply(
        "Not strict JSON (NaN, a key twice, too deep, not UTF-8, empty), or not of the form of a request; or not HTTP.",
        Error,
    ),
    408: Reply("The body did not arrive within the deadline, or the headers not in time.", Error),
    413: Reply("The body is over the limit, and the connection is closed; or it has too many rows.", Error),
    415: Reply("Not application/json, or compressed.", Error),
    429: Reply(
        "Too many requests are in work, or too many bytes of bodies; Retry-After says when to come again.", Error
    ),
    503: Reply(
        "No version is loaded yet, the journal cannot be used, or there are too many connections; Retry-After says "
        "when to come again.",
        Error,
    ),
    504: Reply("No answer within the deadline.", Error),
}
"""What every endpoint of this kind may answer, beside what all may."""


class JsonPost(Endpoint):
    """An endpoint that takes JSON and answers JSON; requests go past the router."""

    method = "post"
    largest: ClassVar[int | None] = None
    """Bytes of a body where less will do than the service takes at most."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._spec = context.settings.spec
        self._largest = min(self._spec.max_body, self.largest or self._spec.max_body)
        self._in_work = 0

    @abstractmethod
    async def respond(self, content: bytes, started: float, scope: Scope) -> bytes:
        """Return the JSON of a 200 to a body that arrived at `started` (time.perf_counter), or raise HttpError."""

    @abstractmethod
    def count(self, status: int, seconds: float, scope: Scope) -> None:
        """Count one request, whatever became of it; 499 is a client that went away."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever the client sent, the status is below 500 unless we cannot serve."""
        started = time.perf_counter()
        status = 500
        try:
            content = await self._content(scope, receive, started)
            status = 200
            if not write_whole(scope, _HEADERS, content):
                await send({"type": "http.response.start", "status": 200, "headers": _headers(content)})
                await send({"type": "http.response.body", "body": content})
        except HttpError as error:
            status = error.status
            await refuse(scope, receive, send, error)
        except Disconnected:
            status = 499  # nobody is left to answer
        finally:
            self.count(status, time.perf_counter() - started, scope)

    async def _content(self, scope: Scope, receive: Receive, started: float) -> bytes:
        try:
            return await self._within_limits(scope, receive, started)
        except (HttpError, Disconnected):
            raise
        except Exception as error:
            # A defect of ours. Without an answer the client would wait for BentoML's timeout.
            logger.exception("a request to %s broke", self.path)
            raise Broken from error

    async def _within_limits(self, scope: Scope, receive: Receive, started: float) -> bytes:
        if scope["method"] != "POST":
            raise HttpError(405, "use POST", headers=((b"allow", b"POST"),))
        stage = "sending its body"
        try:
            with self._context.held.share() as share:
                async with asyncio.timeout(self._spec.deadline):
                    content = await body.read(scope, receive, self._largest, share)
                    stage = "an answer"
                    return await self._in_queue(content, started, scope)
        except TimeoutError:
            if stage == "an answer":
                raise self._late() from None
            raise HttpError(
                408, f"the body did not arrive within {self._spec.deadline:g} seconds", headers=_CLOSE
            ) from None

    def _going_on(self, started: float) -> Callable[[], None]:
        """Return what raises once nobody waits for the answer any more: a thread cannot be stopped from outside."""
        ends = started + self._spec.deadline

        def go_on() -> None:
            if time.perf_counter() > ends:
                raise self._late()

        return go_on

    def _late(self) -> HttpError:
        return HttpError(504, f"there was no answer within {self._spec.deadline:g} seconds")

    async def _in_queue(self, content: bytes, started: float, scope: Scope) -> bytes:
        """Take a place once the body is there, so that nobody who sends slowly keeps others out."""
        if self._in_work >= self._spec.queue:
            raise HttpError(429, f"{self._in_work} requests are in work already; try again", headers=RETRY)
        self._in_work += 1
        try:
            return await self.respond(content, started, scope)
        finally:
            self._in_work -= 1


def _headers(content: bytes) -> list[tuple[bytes, bytes]]:
    return [*_HEADERS, (b"content-length", b"%d" % len(content))]
