"""A request's body: limits, media type, and JSON read strictly."""

import asyncio
import json
from typing import Any

from starlette.types import Message, Receive, Scope, Send

_DISCARD_SECONDS = 1.0


class HttpError(Exception):
    """What a client did wrong, or what we cannot do now; becomes the response."""

    def __init__(
        self, status: int, message: str, *, column: str | None = None, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.column, self.headers = status, message, column, headers


class TooLarge(HttpError):
    """The body is over the limit; what of it is still to come has to be dealt with."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than {limit} bytes", headers=((b"connection", b"close"),))


class Disconnected(Exception):
    """The client went away; nobody waits for a response."""


async def read(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the body of a JSON request.

    Raises:
        HttpError: 413 when it is larger than `limit` bytes, 415 when it is not plain JSON.
        Disconnected: If the client went away.
    """
    _check_headers(scope["headers"], limit)
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise TooLarge(limit)
        return body
    return await _join(message, receive, limit)


async def _join(message: Message, receive: Receive, limit: int) -> bytes:
    chunks, size = [], 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()
    raise Disconnected


def _check_headers(headers: list[tuple[bytes, bytes]], limit: int) -> None:
    media = encoding = b""
    for name, value in headers:
        if name == b"content-type":
            media = value.split(b";", 1)[0].strip().lower()
        elif name == b"content-encoding":
            encoding = value.strip().lower()
        elif name == b"content-length" and int(value) > limit:  # the server refuses requests where it is not a number
            raise TooLarge(limit)
    if encoding not in (b"", b"identity"):
        raise HttpError(
            415, f"the content encoding {encoding.decode('latin-1')!r} is not supported; send the JSON as it is"
        )
    if media != b"application/json":
        raise HttpError(415, f"the content type must be application/json, not {media.decode('latin-1') or 'none'}")


async def discard(scope: Scope, receive: Receive) -> None:
    """Read what a refused client still sends, for at most a second: closing at once would reset it before it reads."""
    if any(name == b"expect" for name, _ in scope["headers"]):
        return  # it waits for a permission that it will not get
    try:
        async with asyncio.timeout(_DISCARD_SECONDS):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        return


async def refuse(scope: Scope, receive: Receive, send: Send, error: HttpError, content: bytes) -> None:
    """Send an error's response; the rest of a body that is too large is read past first."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        *error.headers,
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    if isinstance(error, TooLarge):
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await discard(scope, receive)
        content = b""
    await send({"type": "http.response.body", "body": content})


def instances(body: bytes) -> list[Any]:
    """Return the rows of a predict request.

    Raises:
        HttpError: 400 when it is not strict JSON (no NaN or Infinity, no key twice) or not of the shape
            {"instances": [row, …]}; 422 when there is no row.
    """
    content = _parse(body)
    if not isinstance(content, dict):
        raise HttpError(400, 'the body must be a JSON object of the form {"instances": [{column: value, …}, …]}')
    if list(content) != ["instances"]:
        extra = sorted(set(content) - {"instances"})
        wrong = f"it has the unknown keys {extra[:5]}" if extra else 'the key "instances" is missing'
        raise HttpError(400, f'the body must be of the form {{"instances": [{{column: value, …}}, …]}}; {wrong}')
    rows = content["instances"]
    if not isinstance(rows, list):
        raise HttpError(400, '"instances" must be a list of rows, each an object of columns and values')
    if not rows:
        raise HttpError(422, '"instances" is empty: there is no row to answer')
    return rows


def _parse(body: bytes) -> Any:
    if not body.strip():
        raise HttpError(400, "the body is empty")
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise HttpError(400, f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise HttpError(400, "the body is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise HttpError(
            400, f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except ValueError as error:
        raise HttpError(400, f"the body is not JSON: {error}") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return content


def _no_constant(token: str) -> Any:
    raise ValueError(f"{token} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_without_doubles, parse_constant=_no_constant)
