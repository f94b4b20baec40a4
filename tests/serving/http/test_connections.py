"""How many connections there may be, and how long each may take: a service with narrow limits."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from schemas.deploy_spec import DeploySpec
from serving.process import services
from serving.process.deploy import deploy
from tests.serving import packages, processes
from tests.serving.http.wire import GOOD, HEAD, answers, ask, connection, exchange, read_all
from tests.tracing import processes_traced

pytestmark = pytest.mark.untraced

MOST, TIMEOUT, DEADLINE = 20, 1.0, 2.0
NAME = "narrow"
READYZ = b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[services.Status]:
    """A service of few connections that has no patience."""
    home = tmp_path_factory.mktemp("narrow")
    spec = DeploySpec(
        max_connections=MOST, header_timeout=TIMEOUT, deadline=DEADLINE, max_body=4_000_000, max_bodies=4_000_000
    )
    with processes_traced():
        deploy(home, NAME, "1", str(packages.write_onnx(home / "packages" / "1")), spec)
    yield services.status(home, NAME)[0]
    services.stop(home, NAME)


def url_of(narrow: services.Status) -> str:
    return narrow.deployment.url


def seconds_until_closed(opened: socket.socket) -> tuple[float, bytes]:
    started = time.monotonic()
    content = read_all(opened)
    return time.monotonic() - started, content


def test_an_answer_in_one_piece_has_the_headers_of_one_that_is_sent_in_parts(narrow: services.Status) -> None:
    with connection(url_of(narrow)) as opened:
        opened.sendall(GOOD)
        first = opened.recv(65_536)
        whole = answers(first)[0]  # all of it came at once
        (parts,) = ask(url_of(narrow), GOOD.replace(b"Host", b"Connection: close\r\nHost", 1))
    assert parts.headers.pop("connection") == "close"
    for headers in (whole.headers, parts.headers):
        assert headers.pop("date").endswith("GMT")
    assert list(whole.headers.items()) == list(parts.headers.items())
    assert json.loads(whole.body).keys() == json.loads(parts.body).keys()


def test_an_answered_request_leaves_nothing_behind(narrow: services.Status) -> None:
    own = processes.worker(narrow.deployment.log.parent.parent, NAME)
    with connection(url_of(narrow)) as opened:
        for _ in range(300):
            exchange(opened, GOOD)
        before = own.memory_info().rss
        for _ in range(3_000):
            exchange(opened, GOOD)
    grown = own.memory_info().rss - before
    assert grown < 8_000_000, "a request that is kept until a timeout takes some 8 kB"


def test_past_the_limit_a_connection_gets_503_and_operators_are_answered(narrow: services.Status) -> None:
    with ExitStack() as many:
        held = [many.enter_context(connection(url_of(narrow))) for _ in range(MOST)]
        assert exchange(held[0], GOOD).status == 200
        (refused,) = ask(url_of(narrow), GOOD)
        assert refused.status == 503 and int(refused.headers["retry-after"]) >= 1
        assert "deploy.max_connections" in refused.message
        for path in (b"/livez", b"/readyz", b"/metrics"):
            (answer,) = ask(url_of(narrow), b"GET %b?x HTTP/1.1\r\nHost: a\r\n\r\n" % path)
            assert (answer.status, answer.headers["connection"]) == (200, "close")
    with connection(url_of(narrow)) as opened:
        assert exchange(opened, GOOD).status == 200


def test_clients_that_do_not_get_on_make_way_for_others(narrow: services.Status) -> None:
    with ExitStack() as many:
        for _ in range(MOST):
            many.enter_context(connection(url_of(narrow))).sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        time.sleep(1.1)
        for _ in range(MOST // 2):
            assert exchange(many.enter_context(connection(url_of(narrow))), GOOD).status == 200


def test_far_past_the_limit_it_is_503_at_once(narrow: services.Status) -> None:
    with ExitStack() as many:
        held = [many.enter_context(connection(url_of(narrow))) for _ in range(MOST + 130)]
        (answer,) = answers(read_all(held[-1]))
        assert answer.status == 503 and "deploy.max_connections" in answer.message


@pytest.mark.parametrize("start", [b"G", b"\r\n", READYZ[:-2], HEAD])
def test_headers_that_do_not_arrive_in_time_are_408(narrow: services.Status, start: bytes) -> None:
    with connection(url_of(narrow)) as opened:
        opened.sendall(start)
        seconds, content = seconds_until_closed(opened)
    (answer,) = answers(content)
    assert answer.status == 408 and "headers" in answer.message and TIMEOUT - 0.2 < seconds < TIMEOUT + 1.5


def test_headers_that_dribble_are_408_too(narrow: services.Status) -> None:
    with connection(url_of(narrow)) as opened:
        started = time.monotonic()
        with pytest.raises(OSError):
            for _ in range(100):
                opened.sendall(b"A")
                time.sleep(0.05)
        assert time.monotonic() - started < TIMEOUT + 2


def test_the_second_request_of_a_connection_has_the_same_time(narrow: services.Status) -> None:
    with connection(url_of(narrow)) as opened:
        assert exchange(opened, GOOD).status == 200
        opened.sendall(READYZ[:10])
        seconds, content = seconds_until_closed(opened)
    assert answers(content)[0].status == 408 and seconds < TIMEOUT + 1.5


def test_a_connection_that_never_says_anything_is_closed_without_a_word(narrow: services.Status) -> None:
    with connection(url_of(narrow)) as opened:
        seconds, content = seconds_until_closed(opened)
    assert content == b"" and seconds < TIMEOUT + 1.5


def test_a_body_that_dribbles_is_408(narrow: services.Status) -> None:
    with connection(url_of(narrow)) as opened:
        opened.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        seconds, content = seconds_until_closed(opened)
    (answer,) = answers(content)
    assert answer.status == 408 and "body" in answer.message and seconds < DEADLINE + 1.5


@pytest.mark.parametrize("target", [b"POST /predict", b"GET /livez", b"PUT /nowhere"])
def test_a_body_that_nobody_reads_has_an_end(narrow: services.Status, target: bytes) -> None:
    with connection(url_of(narrow)) as opened:
        started = time.monotonic()
        opened.sendall(target + b" HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(200):
                opened.sendall(b" " * 10)
                time.sleep(0.05)
        assert time.monotonic() - started < TIMEOUT + 2


def test_after_the_rest_of_a_refused_body_the_connection_goes_on(narrow: services.Status) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n"
    with connection(url_of(narrow)) as opened:
        assert exchange(opened, head).status == 415
        opened.sendall(b" " * 10)
        time.sleep(TIMEOUT + 0.5)
        assert exchange(opened, GOOD).status == 200


def test_an_answer_that_is_not_read_is_let_go_of(narrow: services.Status) -> None:
    content = json.dumps({"instances": [{"size": 1.0, "city": "x"}] * 9_000}).encode()
    large = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(content), content)
    worker = worker_of(narrow)
    with connection(url_of(narrow)) as opened:
        assert len(exchange(opened, large).body) > 500_000
        opened.sendall(large * 12)  # answers of more than the kernel's buffers take
        time.sleep(1)
        assert len(connections_of(worker)) == 1
        deadline = time.monotonic() + 3 * DEADLINE + 3
        while connections_of(worker) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not connections_of(worker)
    assert "the answer is not read" in Path(narrow.deployment.log).read_text()


def test_a_client_that_asks_and_never_reads_is_let_go_of(narrow: services.Status) -> None:
    worker = worker_of(narrow)
    with connection(url_of(narrow), timeout=0.5) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        page = b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n"
        with suppress(OSError):
            for _ in range(100_000):
                opened.sendall(page)
        deadline = time.monotonic() + 2 * DEADLINE + 3
        while connections_of(worker) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not connections_of(worker)


def worker_of(narrow: services.Status) -> psutil.Process:
    return processes.worker(narrow.deployment.log.parent.parent, narrow.deployment.name)


def connections_of(worker: psutil.Process) -> list[object]:
    return [one for one in worker.net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
