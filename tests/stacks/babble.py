"""A server that talks, and not as it is expected to."""

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Answer = Callable[[bytes], bytes]


@contextmanager
def babble(answer: Answer, greeting: bytes = b"", certificate: Path | None = None) -> Iterator[int]:
    """Run a server that greets, and answers each line that it gets; give its port.

    Args:
        answer: What comes back for a line.
        greeting: What it says first.
        certificate: PEM file with certificate and key; with one it speaks TLS.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                self.wfile.write(greeting)
                for line in self.rfile:
                    self.wfile.write(answer(line))
            except OSError:  # whoever asked has heard enough
                return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
