"""One connection: uvicorn's, with bounds on time and size, and with JSON for what is no request."""

import asyncio
from collections.abc import Callable

import httptools

from serving.http import malformed
from serving.http.errors import RETRY, HttpError
from serving.http.refusal_log import refused_early
from serving.http.unread import Sending

_MOST_HEADERS = 100
_PIPELINED = 16  # requests that wait for the answer to one before them
_FOR_OPERATORS = (b"/livez", b"/readyz", b"/metrics")
_RESERVE = 100  # connections past the limit that may ask for these, and that read why they are refused
_CROWDED_SECONDS = 1.0
_LINGER_SECONDS = 1.0  # closing at once would reset a client that still sends, before it reads


class Connection(Sending):
    """One connection.

    `limits` are set once, before the first connection. While a request's line and headers are received the alarm is
    that of `header_timeout`; a body is under the deadline of whoever reads it, and what nobody reads of one has
    `header_timeout` once more.
    """

    _alarm: asyncio.TimerHandle | None = None
    _in_head = True  # of a request, or between requests
    _begun = False
    _received = _chunk = 0  # bytes of an incomplete head, not counting the chunk that the last request ended in
    _size = _count = _hosts = 0  # bytes, headers, and Host headers among them
    _crowded = False
    _deaf = False  # what still comes is read past
    _owed: HttpError | None = None  # said once the requests before it are answered

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, for a moment only where there are too many."""
        super().connection_made(transport)
        past = len(self.connections) - self.limits.max_connections
        self._crowded = past > 0
        if past > _RESERVE:
            self._deaf = True
            self._note(error := _too_many())
            transport.write(malformed.response(error))
            transport.close()
        else:
            self._ring(_CROWDED_SECONDS if self._crowded else self._longest_silence(), self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._silence()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Parse what came; whatever it is, nothing is raised."""
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        self._chunk = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._answer_no_more()
        except httptools.HttpParserError as error:
            self._refuse(malformed.error_of(error, data))
        else:
            if self._in_head:
                self._wait_for_head()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._begun = True
        self._size = self._count = self._hosts = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; a trailer, which has the same form, has no meaning here."""
        self._size += len(name) + len(value) + 4
        self._count += 1
        if self._size > self.limits.max_header or self._count > _MOST_HEADERS:
            raise self._too_large()
        if not self._in_head:
            return
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            raise HttpError(400, "the transfer encoding must be chunked or none; send the body as it is")
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hand a request to the application, or raise what is wrong with it."""
        self._check_head()
        if len(self.pipeline) >= _PIPELINED:
            self._answer_no_more()
            return
        super().on_headers_complete()
        if self._crowded:
            self.cycle.keep_alive = False
        self._in_head = self._begun = False
        self._silence()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        if not self._deaf:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; the next head begins behind this chunk at the earliest."""
        if self._deaf:
            return
        super().on_message_complete()
        self._in_head, self._begun, self._received = True, False, -self._chunk
        if self._alarm is not None:
            self._silence()

    def on_response_complete(self) -> None:
        """Go on with the next request, unless this was the last."""
        is_last = not self.pipeline
        super().on_response_complete()
        if self.transport.is_closing():
            self._ring(self.limits.deadline, self.transport.abort)  # it closes by itself once all is read
        elif is_last and self._owed is not None:
            self._last_word(self._owed)
        elif is_last and not self._in_head:
            self._ring(self.limits.header_timeout, self._close)  # the rest of a body that nobody reads

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was silent for long."""
        self._close()

    def shutdown(self) -> None:
        """Close once the request in work is answered."""
        super().shutdown()
        if self.transport.is_closing():
            self._ring(_LINGER_SECONDS, self.transport.abort)

    def _should_upgrade(self) -> bool:
        return False  # HTTP/1.1 only: RFC 9110 lets a server answer as if nobody had asked

    def _check_head(self) -> None:
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise malformed.wrong_version()
        if self._size + len(self.url) > self.limits.max_header:
            raise self._too_large()
        if self._hosts != 1 and (version == "1.1" or self._hosts):
            raise HttpError(400, "a request has one Host header")
        if self.parser.get_method() == b"CONNECT":
            raise HttpError(501, "the service is no proxy: CONNECT is not supported")
        if self.parser.should_upgrade():
            self._check_upgrade()
        if self.url[:1] != b"/":
            self._read_target()
        if self._crowded and self.url.partition(b"?")[0] not in _FOR_OPERATORS:
            raise _too_many()

    def _check_upgrade(self) -> None:
        """Refuse a body: the parser takes it for the other protocol's."""
        if any(name in (b"content-length", b"transfer-encoding") and value != b"0" for name, value in self.headers):
            text = "a request with a body cannot ask for another protocol; send it without Upgrade, as HTTP/1.1"
            raise HttpError(400, text)

    def _read_target(self) -> None:
        if self.url == b"*" and self.parser.get_method() == b"OPTIONS":
            return
        url = httptools.parse_url(self.url)
        if not url.schema:
            raise HttpError(400, "the request's target must be a path")
        self.url = (url.path or b"/") + (b"?" + url.query if url.query else b"")

    def _wait_for_head(self) -> None:
        self._received += self._chunk
        if self._received > self.limits.max_header:
            self._refuse(self._too_large())
        elif self._begun or self._received > 0:
            if self._alarm is None:
                self._ring(self.limits.header_timeout, self._too_late)
        elif self.cycle is not None and self.cycle.response_complete:  # the body ended after its answer
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self._close)

    def _too_late(self) -> None:
        if self.flow.read_paused:  # the client waits for us
            self._ring(self.limits.header_timeout, self._too_late)
        elif self._crowded:
            self._refuse(_too_many())
        elif self._begun or self._received > 0:
            seconds = self.limits.header_timeout
            self._refuse(HttpError(408, f"the request's headers did not arrive within {seconds:g} seconds"))
        else:
            self._close()  # nothing was asked, so that nothing is answered

    def _refuse(self, error: HttpError) -> None:
        """Say what is wrong after the answers to the requests before, and close."""
        self._deaf = True
        self._silence()
        self._note(error)
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self._last_word(error)
        elif self._in_head:
            self._owed = error
        elif self.pipeline:  # its own request waits for the answer to one before it
            self.pipeline.popleft()
            self._owed = error
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._last_word(None if cycle.response_started else error)

    def _last_word(self, error: HttpError | None) -> None:
        if error is not None:
            self.transport.write(malformed.response(error, with_body=self._method() != b"HEAD"))
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._ring(_LINGER_SECONDS, self.transport.abort)

    def _answer_no_more(self) -> None:
        """Close after the answer to the last request that was taken."""
        self._deaf = True
        self._silence()
        if self.cycle is None or self.cycle.response_complete:
            self._close()
        else:
            self.cycle.keep_alive = False

    def _close(self) -> None:
        self.transport.close()
        self._ring(_LINGER_SECONDS, self.transport.abort)

    def _note(self, error: HttpError) -> None:
        path = self.url.partition(b"?")[0] if self._begun else b""
        refused_early(self.client, (self._method() or b"-").decode("latin-1"), path, error.status, error.reason)

    def _method(self) -> bytes:
        """Return the method, empty while it is not known."""
        return self.parser.get_method() if self._begun and self.url else b""

    def _too_large(self) -> HttpError:
        return HttpError(
            431,
            f"the request's line and headers have more than {self.limits.max_header} bytes (deploy.max_header), or "
            f"are more than {_MOST_HEADERS}",
        )

    def _longest_silence(self) -> float:
        return min(self.limits.header_timeout, self.timeout_keep_alive)

    def _ring(self, seconds: float, what: Callable[[], None]) -> None:
        self._silence()
        self._alarm = self.loop.call_later(seconds, self._rung, what)

    def _rung(self, what: Callable[[], None]) -> None:
        self._alarm = None
        what()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _too_many() -> HttpError:
    return HttpError(503, "there are too many connections (deploy.max_connections); try again", headers=RETRY)
