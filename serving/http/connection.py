"""One connection: uvicorn's, with bounds on time and size, and with JSON for what is no request."""

import asyncio
from typing import cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from serving.http import head, malformed
from serving.http.admission import LATE
from serving.http.errors import HttpError
from serving.http.making_way import CROWDED_SECONDS, too_many
from serving.http.sending import Closing
from serving.http.turning_away import TurningAway
from serving.http.whole import CYCLE

_PIPELINED = 16  # requests that wait for the answer to one before them
_LAST_SECONDS = 0.5  # for a request that begins when the worker ends
_BLANK = 4  # bytes of empty lines that some clients send behind a request


class Connection(TurningAway):
    """One connection.

    While a request's line and headers are received the alarm is that of `header_timeout`; a body is under the deadline
    of whoever reads it, and what nobody reads of one has `header_timeout` once more.
    """

    __slots__ = ("_chunk", "_in_head", "_owed", "_received")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, for a moment only where there are too many."""
        self.headers = []
        self.ws_protocol_class = None  # HTTP only: RFC 9110 lets a server answer as if nobody had asked for more
        self._chunk = 0  # bytes that came last
        self._received = 0  # bytes since the chunk that the last head, body or request ended in
        self._in_head = True  # of a request, or between requests
        self._owed: HttpError | None = None  # said once the requests before it are answered
        super().connection_made(transport)
        if not self._deaf:
            silence = min(self.limits.header_timeout, self.timeout_keep_alive)
            self._ring(CROWDED_SECONDS if self._crowded else silence, self._too_late)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer what was asked before the client stopped sending; what is not whole has no answer."""
        if self._running is None:
            return None
        if not self._in_head and self._running is self.cycle:
            self._abandon()
            return None
        if self._owed is None:
            self._answer_no_more()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, which may answer one of several requests."""
        self._abandon()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; whatever it is, nothing is raised."""
        if self._deaf or (len(data) <= _BLANK and self._is_between() and not data.strip(b"\r\n")):
            return  # an empty line between requests is not the beginning of one (RFC 9112, 2.2)
        self.wake()
        self._chunk = len(data)
        self._take(data, self._parse)

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._answer_no_more()
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, _Enough):
                self._answer_no_more()
            else:
                self._refuse(malformed.error_of(error, data))
        else:
            self._received += self._chunk
            if self._received > 0 or self.scope is not self.cycle.scope:
                self._received = self._received or 1  # the next head began in the chunk that a request ended in
                self._check_progress()

    def _is_between(self) -> bool:
        """Say whether a request was answered here, and nothing of the next one has come."""
        return self.cycle is not None and self._in_head and self._received == 0

    def on_headers_complete(self) -> None:
        """Hand a request to the application, or raise what is wrong with it."""
        names = [name for name, _ in self.headers]
        if (
            self._chunk > self.limits.max_header  # a head that came in one small chunk is small
            or self._received > 0
            or names.count(b"host") != 1
            or b"transfer-encoding" in names
            or len(names) > head.MOST_HEADERS
            or self._crowded
            or self.pipeline
            or self.url[:1] != b"/"
            or self.parser.should_upgrade()
            or self.parser.get_http_version() != "1.1"
        ):
            self._check_head()
        if self._is_too_much():
            self.scope[LATE] = True  # type: ignore[literal-required]
        self.wake()  # the end of a request that was answered before it may have come with this one
        super().on_headers_complete()
        self.scope[CYCLE] = self.cycle  # type: ignore[literal-required]
        if not self.pipeline:
            self._running = self.cycle
        self.headers = []  # trailers: they have no meaning here
        self._in_head, self._received = False, -self._chunk
        if self._crowded or self.leaving.is_under_way or not self.cycle.keep_alive:
            self._make_last()
        self._since = self.loop.time()
        if self._alarm is not None:
            self._silence()

    def on_body(self, body: bytes) -> None:
        """Take some of a body, as uvicorn does; this and the next are on the path of every request."""
        self._received = -self._chunk
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End a request; the next head begins behind this chunk at the earliest."""
        self._in_head, self._received = True, -self._chunk
        if self._alarm is not None:
            self._silence()
        if not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()
            if self._running is self.cycle:
                self._enter(self.cycle)
        else:  # it came before the end of what was asked
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self._close)

    def on_response_complete(self) -> None:
        """Go on with the next request, unless this was the last."""
        is_last = not self.pipeline
        if self._running is not None:
            self._running.scope.pop(CYCLE, None)  # type: ignore[misc]  # else the two would hold each other
        self._done()
        self._since = self.loop.time()
        self._running = None if is_last else self.pipeline[-1][0]
        if self._running is not None and not self._running.more_body:
            self._enter(self._running)
        super().on_response_complete()
        if self.transport.is_closing():
            self._leave_soon()
        elif is_last and self._owed is not None:
            self._last_word(self._owed)
        elif is_last and not self._deaf and not self._in_head:
            self._ring(self.limits.header_timeout, self._close)  # the rest of a body that nobody reads

    def shutdown(self) -> None:
        """Close once the request in work is answered; one that has begun, or begins at once, is taken still."""
        if self._running is None and self._in_head and not self._deaf and (self.cycle is None or self._received > 0):
            self._ring(_LAST_SECONDS, self._too_late)
        else:
            super().shutdown()

    def end(self) -> None:
        """Close after the last answer; nothing is said behind it."""
        self._owed = None
        if self._in_head and not self._deaf:
            self.transport.close()
        else:
            self._deaf = True
            self._linger()

    def _check_head(self) -> None:
        """Raise what is wrong with a request, or too much of it."""
        if len(self.pipeline) >= _PIPELINED:
            raise _Enough
        head.check_size(self.url, self.headers, self.limits.max_header)
        method = self.parser.get_method()
        head.check(self.parser.get_http_version(), method, self.headers, upgrade=self.parser.should_upgrade())
        self.url = head.path_of(self.url, method)
        self._require_place()

    def _check_progress(self) -> None:
        """Bound what is no body: a head, extensions of chunks, trailers."""
        if self._received > self.limits.max_header or len(self.headers) > head.MOST_HEADERS:
            self._refuse(head.too_large(self.limits.max_header))
        elif self._in_head and self._alarm is None:
            self._ring(self.limits.header_timeout, self._too_late)

    def _too_late(self) -> None:
        if self.flow.read_paused:  # the client waits for us
            self._ring(self.limits.header_timeout, self._too_late)
        elif self._crowded:
            self._refuse(too_many())
        elif self._received > 0:
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
            self._abandon()
            self._last_word(None if cycle.response_started else error)

    def _abandon(self) -> None:
        """Let go of the request that is answered."""
        self._gone()
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
            self._running = None

    def _answer_no_more(self) -> None:
        """Close after the answer to the last request that was taken."""
        self._deaf = True
        self._silence()
        if self.cycle is None or self.cycle.response_complete:
            self._close()
        else:
            self._make_last()

    def _make_last(self) -> None:
        """Close after the answer to the last request that came."""
        self.cycle.keep_alive = False
        self.cycle.transport = cast(asyncio.Transport, Closing(self.transport, self.end))


class _Enough(Exception):
    """The client asks faster than it is answered."""
