"""A `POST` of JSON: method, queue, deadline and body limits, and one response whatever happens."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope, Send

from schemas.run import DeploySpec
from serving.http import body
from serving.http.errors import Disconnected, HttpError, refuse

logger = logging.getLogger("bentoml.drivetrain")
RETRY = ((b"retry-after", b"1"),)
_CLOSE = ((b"connection", b"close"),)

Respond = Callable[[bytes, float], Awaitable[bytes]]
Count = Callable[[int, float], None]


class Endpoint:
    """An ASGI application around `respond`.

    `respond(body, started)` returns the JSON of a 200 or raises HttpError; `count(status, seconds)` is called for every
    request.
    """

    def __init__(self, path: str, spec: DeploySpec, respond: Respond, count: Count) -> None:
        self._path, self._spec, self._respond, self._count = path, spec, respond, count
        self._in_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever the client sent, the status is below 500 unless we cannot serve."""
        started = time.perf_counter()
        status = 500
        try:
            content = await self._content(scope, receive, started)
            status = 200
            await send({"type": "http.response.start", "status": 200, "headers": _headers(content)})
            await send({"type": "http.response.body", "body": content})
        except HttpError as error:
            status = error.status
            await refuse(scope, receive, send, error)
        except Disconnected:
            status = 499  # nobody is left to answer
        finally:
            self._count(status, time.perf_counter() - started)

    async def _content(self, scope: Scope, receive: Receive, started: float) -> bytes:
        try:
            return await self._within_limits(scope, receive, started)
        except (HttpError, Disconnected):
            raise
        except Exception as error:
            # A defect of ours. Without an answer the client would wait for BentoML's timeout.
            logger.exception("a request to %s broke", self._path)
            raise HttpError(500, "the service broke on this request") from error

    async def _within_limits(self, scope: Scope, receive: Receive, started: float) -> bytes:
        if scope["method"] != "POST":
            raise HttpError(405, "use POST", headers=((b"allow", b"POST"),))
        if self._in_work >= self._spec.queue:
            raise HttpError(429, f"{self._in_work} requests are in work already; try again", headers=RETRY)
        self._in_work += 1
        stage = "sending its body"
        try:
            async with asyncio.timeout(self._spec.deadline):
                content = await body.read(scope, receive, self._spec.max_body)
                stage = "an answer"
                return await self._respond(content, started)
        except TimeoutError:
            if stage == "an answer":
                raise HttpError(504, f"there was no answer within {self._spec.deadline:g} seconds") from None
            raise HttpError(
                408, f"the body did not arrive within {self._spec.deadline:g} seconds", headers=_CLOSE
            ) from None
        finally:
            self._in_work -= 1


def _headers(content: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
