"""What is no HTTP request: an error in JSON with the right status, the connection closed, one line in the log."""

import json
import re
import socket
import time
from pathlib import Path

import pytest

from serving.process import services
from tests.serving.conftest import Live
from tests.serving.http.wire import BODY, GOOD, HEAD, answers, ask, connection, exchange, read_all

H = b"Host: a\r\n"
POST = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def log_of(live: Live) -> Path:
    return services.status(live.home, "house")[0].deployment.log


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        pytest.param(400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(400, b"hello world\r\n\r\n", id="no request line"),
        pytest.param(400, b"\x00\x01\x02\xff\xfe", id="binary"),
        pytest.param(400, b"HTTP/1.1 200 OK\r\n\r\n", id="a response"),
        pytest.param(405, b"FROBNICATE / HTTP/1.1\r\n" + H + b"\r\n", id="unknown method"),
        pytest.param(405, b"get / HTTP/1.1\r\n" + H + b"\r\n", id="methods have a case"),
        pytest.param(405, b"CONNECT a:80 HTTP/1.1\r\n" + H + b"\r\n", id="CONNECT"),
        pytest.param(400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2 preface"),
        pytest.param(400, b"GET / HTTP/2.0\r\n" + H + b"\r\n", id="HTTP/2.0"),
        pytest.param(400, b"GET / HTTP/3.0\r\n" + H + b"\r\n", id="HTTP/3.0"),
        pytest.param(400, b"GET / HTTP/0.9\r\n" + H + b"\r\n", id="HTTP/0.9"),
        pytest.param(400, b"GET /livez HTTP/1.1\r\n\r\n", id="no Host"),
        pytest.param(400, b"GET /livez HTTP/1.1\r\n" + H + H + b"\r\n", id="two Hosts"),
        pytest.param(400, b"GET livez HTTP/1.1\r\n" + H + b"\r\n", id="relative target"),
        pytest.param(400, b"GET a:80 HTTP/1.1\r\n" + H + b"\r\n", id="authority as target"),
        pytest.param(400, b"GET * HTTP/1.1\r\n" + H + b"\r\n", id="asterisk of another method"),
        pytest.param(400, b"GET http://[ HTTP/1.1\r\n" + H + b"\r\n", id="target with half an address"),
        pytest.param(400, b"GET /\xff\xfe HTTP/1.1\r\n" + H + b"\r\n", id="bytes in the target"),
        pytest.param(400, b"GET /a\0 HTTP/1.1\r\n" + H + b"\r\n", id="NUL in the target"),
        pytest.param(400, b"GET /a b HTTP/1.1\r\n" + H + b"\r\n", id="blank in the target"),
        pytest.param(400, b"GET / HTTP/1.1\n" + H + b"\n", id="bare LF"),
        pytest.param(400, b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", id="LF in a header"),
        pytest.param(400, b"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", id="CR in a header"),
        pytest.param(400, b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", id="NUL in a header"),
        pytest.param(400, b"GET / HTTP/1.1\r\nA\0: b\r\n\r\n", id="NUL in a header's name"),
        pytest.param(400, b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", id="folded header"),
        pytest.param(400, b"GET / HTTP/1.1\r\nA : b\r\n\r\n", id="blank before the colon"),
        pytest.param(400, b"GET / HTTP/1.1\r\nabc\r\n\r\n", id="no colon"),
        pytest.param(400, b"GET / HTTP/1.1\r\n: b\r\n\r\n", id="no name"),
        pytest.param(400, POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", id="CL.TE"),
        pytest.param(400, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", id="TE.CL"),
        pytest.param(400, POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", id="two lengths"),
        pytest.param(400, POST + b"Content-Length: -3\r\n\r\n", id="negative length"),
        pytest.param(400, POST + b"Content-Length: +3\r\n\r\nabc", id="length with a sign"),
        pytest.param(400, POST + b"Content-Length: 3, 3\r\n\r\nabc", id="list of lengths"),
        pytest.param(400, POST + b"Content-Length: 0x3\r\n\r\nabc", id="hexadecimal length"),
        pytest.param(400, POST + b"Content-Length:\r\n\r\n", id="no length"),
        pytest.param(400, POST + b"Content-Length: 99999999999999999999999\r\n\r\n", id="length beyond 64 bits"),
        pytest.param(413, POST + b"Content-Length: 9999999999999999999\r\n\r\n", id="huge length"),
        pytest.param(400, POST + b"Transfer-Encoding: gzip\r\n\r\n", id="TE gzip"),
        pytest.param(400, POST + b"Transfer-Encoding: deflate\r\n\r\n", id="TE deflate"),
        pytest.param(
            400,
            POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="TE gzip and chunked",
        ),
        pytest.param(400, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", id="TE gzip, chunked"),
        pytest.param(400, POST + b"Transfer-Encoding: chunked, identity\r\n\r\n", id="TE not last chunked"),
        pytest.param(400, POST + b"Transfer-Encoding: xchunked\r\n\r\n", id="TE xchunked"),
        pytest.param(400, POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n", id="TE with a vertical tab"),
        pytest.param(400, POST + 2 * b"Transfer-Encoding: chunked\r\n" + b"\r\n0\r\n\r\n", id="TE twice"),
        pytest.param(400, CHUNKED + b"zz\r\n", id="chunk of no size"),
        pytest.param(400, CHUNKED + b"-1\r\n", id="negative chunk"),
        pytest.param(400, CHUNKED + b"ffffffffffffffffff\r\n", id="huge chunk"),
        pytest.param(400, CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", id="chunk longer than said"),
        pytest.param(431, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + H + b"\r\n", id="long target"),
        pytest.param(431, b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000 + b"\r\n" + H + b"\r\n", id="long header"),
        pytest.param(431, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + H + b"\r\n", id="many headers"),
        pytest.param(431, b"\r\n" * 10_000, id="nothing but line ends"),
        pytest.param(431, CHUNKED + b"0\r\n" + b"A: b\r\n" * 50_000, id="trailers without end"),
    ],
)
def test_what_is_no_request_is_refused_in_json_and_the_connection_is_closed(
    live: Live, status: int, request_: bytes
) -> None:
    (answer,) = ask(live.url, request_)
    assert (answer.status, answer.headers["connection"]) == (status, "close") and answer.message


def test_the_same_in_single_bytes(live: Live) -> None:
    with connection(live.url) as opened:
        for byte in b"GET / HTTP/1.1\r\nA: b\0":
            opened.sendall(bytes([byte]))
            time.sleep(0.002)
        (answer,) = answers(read_all(opened))
    assert answer.status == 400 and answer.message == "the request is malformed: invalid header value char"


def test_what_was_asked_before_is_answered_first(live: Live) -> None:
    first, second, last = ask(live.url, GOOD + GOOD + b"GET / HTTP/1.1\r\nA : b\r\n\r\n")
    assert [first.status, second.status, last.status] == [200, 200, 400]


def test_behind_a_request_to_close_nothing_is_said(live: Live) -> None:
    last = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert [answer.status for answer in ask(live.url, GOOD + last + b"GET / HTTP/1.1\r\nA : b\r\n\r\n")] == [200, 200]


def test_a_second_request_inside_the_first_is_not_heard(live: Live) -> None:
    smuggled = b"GET /releases HTTP/1.1\r\nHost: a\r\n\r\n"
    both = POST + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % len(smuggled) + smuggled
    assert [answer.status for answer in ask(live.url, both)] == [400]


def test_a_trailer_is_no_header(live: Live) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    end = b"0\r\nContent-Type: application/json\r\n\r\n"
    (answer,) = ask(live.url, head, b"%x\r\n%b\r\n" % (len(BODY), BODY), end)
    assert answer.status == 415


def test_of_requests_without_end_on_one_connection_some_are_answered_and_it_closes(live: Live) -> None:
    found = ask(live.url, b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 1000)
    assert 1 <= len(found) < 1000 and {answer.status for answer in found} == {200}
    assert found[-1].headers["connection"] == "close"


@pytest.mark.parametrize(
    ("line", "status", "allow"),
    [
        ("HEAD /livez", 200, None),
        ("HEAD /predict", 405, "POST"),
        ("HEAD /nowhere", 404, None),
        ("OPTIONS /livez", 405, "GET, HEAD"),
        ("OPTIONS /predict", 405, "POST"),
        ("OPTIONS *", 204, "GET, HEAD, POST, OPTIONS"),
        ("DELETE /predict", 405, "POST"),
        ("TRACE /livez", 405, "GET, HEAD"),
        ("GET http://service/livez", 200, None),
        ("GET //livez", 404, None),
        ("GET /predict%00%0d%0aX:y", 404, None),
    ],
)
def test_methods_and_targets_are_as_rfc_9110_has_them(live: Live, line: str, status: int, allow: str | None) -> None:
    with connection(live.url) as opened:
        opened.sendall(f"{line} HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n".encode())
        (answer,) = answers(read_all(opened), (line.split()[0],))
    assert answer.status == status
    assert allow is None or {*answer.headers["allow"].split(", ")} == {*allow.split(", ")}
    if line.startswith("HEAD"):
        assert answer.body == b""


@pytest.mark.parametrize("upgrade", ["websocket", "h2c", "TLS/1.0"])
def test_another_protocol_is_not_changed_to(live: Live, upgrade: str) -> None:
    asked = f"Connection: upgrade\r\nUpgrade: {upgrade}\r\n".encode()
    (answer,) = ask(live.url, b"GET /readyz HTTP/1.1\r\n" + H + asked + b"\r\n" + b"\x00 of the other protocol")
    assert answer.status == 200 and answer.headers["connection"] == "close"
    (answer,) = ask(live.url, HEAD + asked + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY))
    assert answer.status == 400 and "without Upgrade" in answer.message


def test_every_refusal_is_in_the_log_by_client_and_reason_without_what_was_sent(live: Live) -> None:
    time.sleep(1.1)  # a second of its own, so that all of it is written out
    before = log_of(live).stat().st_size
    with connection(live.url) as opened:
        host, port = opened.getsockname()
        content = json.dumps({"instances": [{"size": "s3cret", "city": "s3cret"}]}).encode()
        exchange(opened, b"%bContent-Length: %d\r\n\r\n%b" % (HEAD, len(content), content))
        exchange(opened, b"GET /a%0d%0aforged?s3cret HTTP/1.1\r\nHost: a\r\n\r\n")
        exchange(opened, b"PUT /predict HTTP/1.1\r\nHost: a\r\n\r\n")
        opened.sendall(b"GET / HTTP/1.1\r\nA: s3cret\0\r\n\r\n")
        read_all(opened)
    time.sleep(0.1)
    lines = log_of(live).read_bytes()[before:].decode().splitlines()
    mine = [line.partition("refused ")[2] for line in lines if f"{host}:{port}" in line]
    assert mine == [
        f"{host}:{port} POST /predict 422: 'size' must be a number",
        f"{host}:{port} GET /a%0d%0aforged 404: there is no such path",
        f"{host}:{port} PUT /predict 405: use POST",
        f"{host}:{port} GET / 400: the request is malformed: invalid header value char",
    ]
    assert not [line for line in lines if "s3cret" in line or line.startswith("forged")]


def test_a_flood_of_refusals_is_counted_in_the_log(live: Live) -> None:
    time.sleep(1.1)
    before = log_of(live).stat().st_size
    with connection(live.url) as opened:
        for _ in range(200):
            assert exchange(opened, b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").status == 404
    time.sleep(1.2)
    text = log_of(live).read_bytes()[before:].decode()
    written = len(re.findall(r"GET /nowhere 404: there is no such path", text))
    counted = sum(map(int, re.findall(r"127\.0\.0\.1 404 × (\d+)", text)))
    assert written <= 30 and written + counted == 200


def test_no_traceback_was_printed(live: Live) -> None:
    text = log_of(live).read_text()
    assert "Traceback" not in text and "Invalid HTTP request" not in text


def test_who_stops_sending_after_his_request_is_answered(live: Live) -> None:
    with connection(live.url) as opened:
        opened.sendall(GOOD + GOOD)
        opened.shutdown(socket.SHUT_WR)
        assert [answer.status for answer in answers(read_all(opened))] == [200, 200]


def test_who_stops_in_the_middle_of_a_body_is_not(live: Live) -> None:
    with connection(live.url) as opened:
        opened.sendall(GOOD[:-5])
        opened.shutdown(socket.SHUT_WR)
        assert read_all(opened) == b""
