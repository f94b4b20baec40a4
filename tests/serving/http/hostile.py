"""Hostile requests from a seed: bodies, headers, request lines, chunks, and ways to use a connection."""

import json
import socket
import struct
import time
from contextlib import suppress
from random import Random
from typing import Any

from tests.serving import packages
from tests.serving.http.wire import BODY, GOOD, HEAD, connection

_TEXTS = ["", "x", "é" * 50, "\ud800", "\x00", "\x7f" * 40, "😀" * 30, "a" * 11_000, "NaN", "1e999", "../../etc/passwd"]
_VALUES: list[Any] = [None, True, -1, 0.5, 2**63, 10**400, -1e308, [], {}, [[]], {"a": {"b": []}}, *_TEXTS]
_METHODS = [
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PATCH",
    "PROPFIND",
    "FROB",
    "get",
    "",
]
_TARGETS = [
    *["/predict", "/feedback", "/livez", "/docs", "/openapi.json", "/metrics", "/releases", "*", "//"],
    *["/%00", "/%zz", "/..%2f..", "http://x", "http://[", "a:1"],
    "/" + "a" * 3000,
    "/?" + "b=" * 9000,
    "/\xff",
    "",
]
_VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "http/1.1", "HTTP/1.1 ", "RTSP/1.0", ""]
_HEADERS = [
    *(f"Host: {host}" for host in ("a", "[", "")),
    *(f"Content-Length: {length}" for length in ("-1", "5", "1e3", "99999999999")),
    *(f"Transfer-Encoding: {coding}" for coding in ("chunked", "gzip", "chunked, identity")),
    *(f"Connection: {option}" for option in ("close", "upgrade", "keep-alive, x")),
    *(f"Upgrade: {other}" for other in ("websocket", "h2c")),
    *(f"Expect: {status}" for status in ("100-continue", "500-everything")),
    *(f"Content-Type: {media}" for media in ("application/json", "text/xml", "\xff\xfe")),
    *(f"X-Forwarded-For: {client}" for client in ("][,,::1,%00", "\r\n evil", "\xff")),
    "Content-Encoding: br",
    "traceparent: 00-x-y-z",
    "Accept: " + "z" * 5000,
    "Cookie: " + "c" * 30_000,
    "X" * 900 + ": y",
    "A: b\0c",
    "A: b\nB: c",
    "A : b",
    ": b",
]


def play(random: Random, url: str) -> bytes:
    """Do something hostile on a connection of its own, and return what came back."""
    act = random.choices([_send, _dribble, _reset, _half_close, _without_reading], [12, 1, 1, 1, 1])[0]
    with connection(url, timeout=1.0) as opened, suppress(OSError):
        act(opened, random, request(random))
        return _received(opened)
    return b""


def request(random: Random) -> bytes:
    """Return the bytes of one or more requests."""
    kinds = [_of_body, _mutated, _of_headers, _of_line, _of_chunks, _pipelined, _binary]
    return random.choices(kinds, [8, 4, 4, 2, 2, 1, 1])[0](random)


def _of_body(random: Random) -> bytes:
    content = random.choice([_rows, _damaged, _form, _large])(random)
    target = random.choice([b"/predict", b"/predict", b"/feedback"])
    length = len(content) if random.random() < 0.9 else random.choice([0, 1, len(content) * 2])
    return HEAD.replace(b"/predict", target) + b"Content-Length: %d\r\n\r\n" % length + content


def _rows(random: Random) -> bytes:
    columns = [*packages.ROW, "listing id", "unknown", "\x00", "n" * 5000, "é" * 70]
    rows = [
        {random.choice(columns): random.choice(_VALUES) for _ in range(random.randrange(8))}
        if random.random() < 0.8
        else random.choice(_VALUES)
        for _ in range(random.choice([0, 1, 3, 50, 300]))
    ]
    return json.dumps({"instances": [*rows, *([packages.ROW] if random.random() < 0.3 else [])]}).encode()


def _form(random: Random) -> bytes:
    keys = ["instances", "request_id", "index", "label", "\x7f" * 9000]
    return json.dumps({random.choice(keys): random.choice(_VALUES) for _ in range(random.randrange(5))}).encode()


def _damaged(random: Random) -> bytes:
    content = bytearray(_rows(random) or b"{}")
    for _ in range(random.randrange(1, 6)):
        content[random.randrange(len(content))] = random.randrange(256)
    return bytes(content[: random.randrange(len(content) + 1)])


def _large(random: Random) -> bytes:
    unit = random.choice([b"{}", b"null", b"[]", b"[" * 40, b'{"a":1}', b"1.5", b'"ab"', b'{"a":{"a":{}}}'])
    size = random.choice([1_000, 100_000, 1_000_000, 9_000_000, 12_000_000])
    if random.random() < 0.2:
        pairs = (b'"%x":1' % number for number in range(size // 9))
        return b'{"instances":[{' + b",".join(pairs) + b"}]}"
    return b'{"instances":[' + b",".join([unit] * (size // (len(unit) + 1))) + b"]}"


def _mutated(random: Random) -> bytes:
    content = bytearray(GOOD)
    for _ in range(random.randrange(1, 8)):
        place = random.randrange(len(content))
        if random.random() < 0.5:
            content[place] = random.randrange(256)
        else:
            content[place : place + random.randrange(3)] = random.randbytes(random.randrange(3))
    return bytes(content)


def _of_headers(random: Random) -> bytes:
    chosen = random.sample(_HEADERS, random.randrange(8)) * (40 if random.random() < 0.05 else 1)
    line = random.choice(
        ["POST /predict HTTP/1.1", "GET /livez HTTP/1.1", "HEAD /docs HTTP/1.1", "POST /feedback HTTP/1.0"]
    )
    return "\r\n".join([line, *chosen, "", ""]).encode("latin-1") + random.choice([b"", BODY, b"0\r\n\r\n"])


def _of_line(random: Random) -> bytes:
    line = " ".join(map(random.choice, (_METHODS, _TARGETS, _VERSIONS)))
    return line.encode("latin-1") + random.choice([b"\r\n", b"\n", b"\r", b""]) + b"Host: a\r\n\r\n"


def _of_chunks(random: Random) -> bytes:
    sizes = ["0", "3", "3;x=y", "zz", "-1", "f" * 20, "1000000", " 3", "3 ", ""]
    chunks = [f"{random.choice(sizes)}\r\nabc\r\n".encode() for _ in range(random.randrange(6))]
    end = random.choice([b"", b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n"])
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks) + end


def _pipelined(random: Random) -> bytes:
    return b"".join(
        random.choice([GOOD, b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n", _mutated(random)])
        for _ in range(random.choice([2, 30]))
    )


def _binary(random: Random) -> bytes:
    starts = [
        b"\x16\x03\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n" * 50,
        b"\x00",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ]
    return random.choice(starts) + random.randbytes(random.randrange(400))


def _send(opened: socket.socket, random: Random, content: bytes) -> None:
    opened.sendall(content)


def _dribble(opened: socket.socket, random: Random, content: bytes) -> None:
    for start in range(20):
        opened.sendall(content[start : start + 1])
        time.sleep(0.01)
    opened.sendall(content[20:200_000])


def _reset(opened: socket.socket, random: Random, content: bytes) -> None:
    opened.sendall(content[: random.randrange(len(content) + 1)])
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    opened.close()


def _half_close(opened: socket.socket, random: Random, content: bytes) -> None:
    opened.sendall(content[: random.randrange(len(content) + 1)])
    opened.shutdown(socket.SHUT_WR)


def _without_reading(opened: socket.socket, random: Random, content: bytes) -> None:
    opened.sendall(content[:500_000] * 3)
    time.sleep(0.3)


def _received(opened: socket.socket) -> bytes:
    """Return what comes until the other end closes or has nothing more to say."""
    content = b""
    with suppress(OSError):
        while chunk := opened.recv(1 << 20):
            content += chunk
            opened.settimeout(0.2)
    return content
