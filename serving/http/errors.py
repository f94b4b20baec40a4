"""What becomes a response with a status of 400 or more, and how it is sent."""

import asyncio
import json
from typing import Any

from starlette.types import Receive, Scope, Send

from serving.http.refusal_log import refused
from serving.http.security import ANSWER
from serving.http.whole import write_whole

RETRY = ((b"retry-after", b"1"),)
_JSON = (b"content-type", b"application/json")
_DISCARD_SECONDS = 1.0


class HttpError(Exception):
    """What a client did wrong, or what we cannot do now; becomes the response.

    `reason` is what the log says: without anything that a client sent, where the message quotes some of it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        column: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.column, self.headers = status, message, column, headers
        self.reason = message if reason is None else reason

    def content(self) -> dict[str, Any]:
        """Return the response's body."""
        detail = {"message": self.message}
        return {"error": detail if self.column is None else detail | {"column": self.column}}


class RefusedByAll(HttpError):
    """What any version that takes tables refuses, whatever its columns: no JSON, or not of the form of a request."""


class TooLarge(HttpError):
    """The body is over the limit; what of it is still to come has to be dealt with."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than {limit} bytes", headers=((b"connection", b"close"),))


class Broken(HttpError):
    """A defect of ours: the log has it, and the client learns nothing of it."""

    def __init__(self) -> None:
        super().__init__(500, "the service broke on this request")


class Disconnected(Exception):
    """The client went away; nobody waits for a response."""


async def _discard(scope: Scope, receive: Receive) -> None:
    """Read what a refused client still sends, for at most a second: closing at once would reset it before it reads."""
    if any(name == b"expect" for name, _ in scope["headers"]):
        return  # it waits for a permission that it will not get
    try:
        async with asyncio.timeout(_DISCARD_SECONDS):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        return


def dump(content: object) -> str:
    """Return JSON in ASCII: an error may quote half of a surrogate pair, which UTF-8 cannot carry."""
    return json.dumps(content)


def content_of(error: HttpError, path: str) -> dict[str, Any]:
    """Return the response's body in the form of what was asked: the Open Inference Protocol has texts alone."""
    return {"error": error.message} if is_of_protocol(path) else error.content()


def is_of_protocol(path: str) -> bool:
    """Say whether a path is of the Open Inference Protocol."""
    return path == "/v2" or path.startswith("/v2/")


async def refuse(scope: Scope, receive: Receive, send: Send, error: HttpError) -> None:
    """Send an error's response; the rest of a body that is too large is read past first."""
    refused(scope, error.status, error.reason)
    content = dump(content_of(error, scope["path"])).encode()
    headers = (_JSON, *ANSWER, *error.headers)
    is_last = any(name == b"connection" for name, _ in error.headers)
    if not is_last and write_whole(scope, error.status, headers, content):
        return
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": error.status, "headers": [*headers, length]})
    if isinstance(error, TooLarge):
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await _discard(scope, receive)
        content = b""
    await send({"type": "http.response.body", "body": content})
