"""A `POST` with a body: method, queue, deadline and body limits, and one response whatever happens."""

import asyncio
import logging
import time
from abc import abstractmethod
from typing import ClassVar, NamedTuple

from starlette.types import Receive, Scope, Send

from serving.http import body
from serving.http.admission import LATE
from serving.http.deadline import late
from serving.http.endpoint import Context, Endpoint
from serving.http.errors import RETRY, Broken, Disconnected, HttpError, refuse
from serving.http.places import NoPlace, Places
from serving.http.security import Headers
from serving.http.traceparent import TRACE, parsed
from serving.http.turn import TURN
from serving.http.whole import write_whole

logger = logging.getLogger("bentoml.drivetrain")
_CLOSE = ((b"connection", b"close"),)


class Sent(NamedTuple):
    """The content of a 200 and its headers, all but the content's length."""

    content: bytes
    headers: Headers


class Post(Endpoint):
    """An endpoint that takes a body; requests to a path without parameters go past the router."""

    method = "post"
    largest: ClassVar[int | None] = None
    """Bytes of a body where less will do than the service takes at most."""
    media: ClassVar[tuple[str, ...]] = ("application/json",)
    """The types of bodies that it takes; the empty one where a request need not name any."""

    def __init__(self, context: Context, places: Places | None = None) -> None:
        super().__init__(context)
        self._spec = context.settings.spec
        self._largest = min(self._spec.max_body, self.largest or self._spec.max_body)
        self._places = places or Places(self._spec.queue)
        self._media = frozenset(one.encode() for one in self.media)

    @abstractmethod
    async def answer(self, content: bytes, started: float, scope: Scope) -> Sent:
        """Return the 200 to a body that arrived at `started` (time.perf_counter), or raise HttpError."""

    @abstractmethod
    def count(self, status: int, seconds: float, scope: Scope) -> None:
        """Count one request, whatever became of it; 499 is a client that went away."""

    def told(self, scope: Scope) -> dict[str, str | int]:
        """Return what a span says of a request besides, by OpenTelemetry's names of attributes."""
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever the client sent, the status is below 500 unless we cannot serve."""
        started = time.perf_counter()
        status = 500
        telemetry = self._context.telemetry
        if telemetry is not None:
            scope[TRACE] = parsed(scope["headers"])
        try:
            content, headers = await self._content(scope, receive, started)
            status = 200
            if not write_whole(scope, 200, headers, content):
                length = (b"content-length", b"%d" % len(content))
                await send({"type": "http.response.start", "status": 200, "headers": [*headers, length]})
                await send({"type": "http.response.body", "body": content})
        except HttpError as error:
            status = error.status
            await refuse(scope, receive, send, error)
        except Disconnected:
            status = 499  # nobody is left to answer
        finally:
            seconds = time.perf_counter() - started
            self.count(status, seconds, scope)
            if telemetry is not None:
                telemetry.span(scope, self.path, status, seconds, self.told(scope))

    async def _content(self, scope: Scope, receive: Receive, started: float) -> Sent:
        try:
            return await self._within_limits(scope, receive, started)
        except (HttpError, Disconnected):
            raise
        except Exception as error:
            # A defect of ours. Without an answer the client would wait for BentoML's timeout.
            logger.exception("a request to %s broke", self.path)
            raise Broken from error

    async def _within_limits(self, scope: Scope, receive: Receive, started: float) -> Sent:
        if scope["method"] != "POST":
            raise HttpError(405, "use POST", headers=((b"allow", b"POST"),))
        self._require_in_time(scope)
        stage = "sending its body"
        try:
            with self._context.held.share() as share:
                async with asyncio.timeout(self._spec.deadline):
                    content = await body.read(scope, receive, self._largest, share, self._media)
                    self._require_in_time(scope)
                    stage = "an answer"
                    with self._places:  # only now, so that nobody who sends slowly keeps others out
                        return await self.answer(content, started, scope)
        except NoPlace:
            if TURN in scope:
                scope[TURN].refuse()
            raise
        except TimeoutError:
            if stage == "an answer":
                raise late(self._spec.deadline) from None
            raise HttpError(
                408, f"the body did not arrive within {self._spec.deadline:g} seconds", headers=_CLOSE
            ) from None

    def _require_in_time(self, scope: Scope) -> None:
        if LATE in scope:
            raise HttpError(429, "more requests come than can be answered in time; try again", headers=RETRY)
