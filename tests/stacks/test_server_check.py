"""A ZenML server that does not answer, is none, or is of another version: one sentence, and at once."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

import pytest

from schemas.errors import StorageError
from stacks.server_check import check_server

pytestmark = pytest.mark.slow  # listens


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_one_of_our_version_is_taken() -> None:
    with answering(json.dumps({"version": version("zenml")}).encode()) as url:
        check_server(url)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b'{"version": "0.55.0"}', 200, "is of version 0.55.0"),
        (b'{"name": "something else"}', 200, "does not say its version"),
        (b"[]", 200, "does not say its version"),
        (b"<html>hello</html>", 200, "it answers something else"),
        (b"", 404, "it answers 404"),
        (b"", 503, "it answers 503"),
    ],
)
def test_others_are_refused_with_what_they_are(body: bytes, status: int, text: str) -> None:
    with answering(body, status) as url, pytest.raises(StorageError, match=text):
        check_server(url)


def test_one_that_does_not_answer_is_told_with_its_address_and_no_login() -> None:
    with pytest.raises(StorageError) as refused:
        check_server("http://ann:canary@127.0.0.1:9")
    assert "http://127.0.0.1:9 does not answer" in str(refused.value) and "canary" not in str(refused.value)
