"""A request's body: its limits, its media type, and its JSON, read strictly."""

import json
import sys
from collections.abc import Collection
from typing import Any

from starlette.types import Message, Receive, Scope

from serving.http.errors import Disconnected, HttpError, RefusedByAll, TooLarge
from serving.http.held import Share

_SMALL = 65_536  # bytes of a body that arrived whole and is not counted among those held
_QUOTED = 100  # characters of what is wrong
_LISTED = 5  # keys
NO_NUMBER = "is not a JSON number"
"""What is said of NaN and infinity."""


async def read(scope: Scope, receive: Receive, limit: int, share: Share, media: Collection[bytes]) -> bytes:
    """Return the body of a request; `share` is what it takes of the bytes that may be held at once.

    Args:
        scope: Of the request.
        receive: Of the request.
        limit: Bytes of a body.
        share: What the body takes.
        media: The types that are taken.

    Raises:
        HttpError: 413 when it is larger than `limit` bytes, 415 when it is none of `media` or compressed, 429 when too
            much is held.
        Disconnected: If the client went away.
    """
    _check_headers(scope["headers"], limit, media)
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise TooLarge(limit)
        if len(body) > _SMALL:
            share.take(len(body))
        return body
    return await _join(message, receive, limit, share)


async def _join(message: Message, receive: Receive, limit: int, share: Share) -> bytes:
    chunks, size = [], 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        share.take(len(chunk))
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()
    raise Disconnected


def _check_headers(headers: list[tuple[bytes, bytes]], limit: int, taken: Collection[bytes]) -> None:
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
            415,
            f"the content encoding {encoding[:_QUOTED].decode('latin-1')!r} is not supported; send the body as it is",
            reason="the content encoding is not supported",
        )
    if media not in taken:
        wanted = " or ".join(sorted(one.decode() for one in taken if one))
        raise HttpError(
            415,
            f"the content type must be {wanted}, not {media[:_QUOTED].decode('latin-1') or 'none'}",
            reason=f"the content type must be {wanted}",
        )


def parse(body: bytes) -> Any:
    """Return what the JSON holds. Raises RefusedByAll: 400 when it is not strict JSON (no NaN, no key twice)."""
    if not body.strip():
        raise RefusedByAll(400, "the body is empty")
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise RefusedByAll(400, f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise RefusedByAll(400, "the body is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise RefusedByAll(
            400, f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except _Doubled as error:
        raise RefusedByAll(
            400, f"the body is not JSON: {error}", reason="the body is not JSON: a key stands twice in one object"
        ) from error
    except _NoNumber as error:
        raise RefusedByAll(400, f"the body is not JSON: {error}") from error
    except ValueError as error:  # of an integer that Python does not read for its length
        raise RefusedByAll(
            400, f"the body has an integer of more than {sys.get_int_max_str_digits():,} digits; send a shorter one"
        ) from error


def unknown_keys(content: dict[str, Any], known: Collection[str]) -> str | None:
    """Return a clause about keys that a request has and should not have, None when there is none."""
    extra = sorted(set(content) - set(known))
    more = f" and {len(extra) - _LISTED} more" if len(extra) > _LISTED else ""
    return f"it has the unknown keys {[key[:_QUOTED] for key in extra[:_LISTED]]}{more}" if extra else None


class _Doubled(ValueError):
    """A key that stands twice in one object."""


class _NoNumber(ValueError):
    """One of the words for numbers that JavaScript has and JSON has not."""


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's pairs. Raises ValueError for a key that stands twice."""
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Doubled(f"the key {twice[:_QUOTED]!r} stands twice in one object")
    return content


def _no_constant(token: str) -> Any:
    raise _NoNumber(f"{token} {NO_NUMBER}")


_DECODER = json.JSONDecoder(object_pairs_hook=without_doubles, parse_constant=_no_constant)
