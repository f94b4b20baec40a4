"""A request's line and headers: what is wrong with them beyond their form, which the parser has seen to."""

import httptools

from serving.http import malformed
from serving.http.errors import HttpError

MOST_HEADERS = 100
Headers = list[tuple[bytes, bytes]]


def check(version: str, method: bytes, headers: Headers, *, upgrade: bool) -> None:
    """Raise HttpError for what is not served: another version, no host, a body whose end is in doubt."""
    if version not in ("1.1", "1.0"):
        raise malformed.wrong_version()
    if method == b"CONNECT":
        raise malformed.unknown_method()
    hosts = sum(name == b"host" for name, _ in headers)
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        raise HttpError(400, "a request has one Host header")
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    _check_framing(version, codings, dict(headers).get(b"content-length", b"0"), upgrade=upgrade)


def check_size(url: bytes, headers: Headers, limit: int) -> None:
    """Raise HttpError where they are more than `limit` bytes, or too many."""
    size = len(url) + sum(len(name) + len(value) + 4 for name, value in headers)
    if size > limit or len(headers) > MOST_HEADERS:
        raise too_large(limit)


def path_of(url: bytes, method: bytes) -> bytes:
    """Return a target as a path and its query. Raises HttpError where it is none."""
    if url[:1] == b"/" or (url, method) == (b"*", b"OPTIONS"):
        return url
    parsed = httptools.parse_url(url)
    if not parsed.schema:
        raise HttpError(400, "the request's target must be a path")
    return (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")


def too_large(limit: int) -> HttpError:
    """Return the response to a head without measure."""
    text = f"the request's line and headers have more than {limit} bytes (deploy.max_header), or are more than"
    return HttpError(431, f"{text} {MOST_HEADERS}")


def _check_framing(version: str, codings: list[bytes], length: bytes, *, upgrade: bool) -> None:
    """Raise where somebody else could find another end of the request; of several headers each is a coding."""
    if codings not in ([], [b"chunked"]):
        raise HttpError(400, "the transfer encoding must be chunked or none; send the body as it is")
    if codings and version == "1.0":
        raise HttpError(400, "HTTP/1.0 has no transfer encodings")
    if upgrade and (codings or length != b"0"):  # the parser takes the body for the other protocol's
        raise HttpError(
            400, "a request with a body cannot ask for another protocol; send it without Upgrade, as HTTP/1.1"
        )
