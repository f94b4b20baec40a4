"""What is no HTTP request, or none that is taken: as an error, and as the bytes of its response."""

import re
from http import HTTPStatus

import httptools

from serving.http.errors import HttpError, dump
from serving.http.security import ANSWER

CLOSE = (b"connection", b"close")
_REQUEST_LINE = re.compile(rb"\s*[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40} [^ \r\n]+ HTTP/1\.[01]\r\n")
_TLS_RECORD = b"\x16\x03"


def error_of(error: httptools.HttpParserError, data: bytes) -> HttpError:
    """Return the response to what the parser stopped at; `data` is what it was given last."""
    cause = error.__context__
    if isinstance(cause, HttpError):
        return cause
    if data.startswith(_TLS_RECORD):
        return HttpError(400, "this is the start of a TLS connection; the service speaks plain HTTP here: use http://")
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        known = _REQUEST_LINE.match(data)
        return unknown_method() if known else HttpError(400, "this is no HTTP request")
    text = str(error)
    if text in ("Invalid HTTP version", "Pause on PRI/Upgrade"):
        return wrong_version()
    if isinstance(error, httptools.HttpParserCallbackError):
        text = "its target cannot be read"
    return HttpError(400, f"the request is malformed: {text[:1].lower()}{text[1:]}")


# RFC 9110 has 501 and 505 for these two, too; who watches a service counts every 5xx as a fault of its own.


def unknown_method() -> HttpError:
    """Return the response to a method that no path has."""
    return HttpError(405, "the method is unknown", headers=((b"allow", b"GET, HEAD, POST, OPTIONS"),))


def wrong_version() -> HttpError:
    """Return the response to another version of HTTP."""
    return HttpError(400, "the service speaks HTTP/1.1 and HTTP/1.0")


def response(error: HttpError, *, with_body: bool = True) -> bytes:
    """Return a whole response, after which the connection is closed."""
    content = dump(error.content()).encode()
    lines = [b"HTTP/1.1 %d %s" % (error.status, HTTPStatus(error.status).phrase.encode())]
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content)), *ANSWER]
    headers += error.headers
    lines += [b"%s: %s" % pair for pair in headers if pair != CLOSE]
    return b"\r\n".join([*lines, b"%s: %s" % CLOSE, b"", content if with_body else b""])
