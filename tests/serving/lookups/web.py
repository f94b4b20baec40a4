"""A real server of rows, on the loopback."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """What it answers, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes | None = None
    delay: float = 0.0
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)


@contextmanager
def serving(rows: dict[str, dict[str, Any]]) -> Iterator[Served]:
    """Run it: POST gives the rows of keys, GET /KEY one of them."""
    served = Served(rows=rows)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._answer(content, {"rows": [rows[key] for key in map(str, content["keys"]) if key in rows]})

        def do_GET(self) -> None:
            found = rows.get(self.path.rpartition("/")[2])
            self._answer(None, found, 200 if found else 404)

        def _answer(self, content: Any, found: Any, status: int = 200) -> None:
            served.asked.append((self.command, self.path, content, dict(self.headers)))
            time.sleep(served.delay)
            body = served.body if served.body is not None else json.dumps(found).encode()
            self.send_response(status if served.status == 200 else served.status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", "/elsewhere")
            self.end_headers()
            with suppress(OSError):  # who does not want the rest of it
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
