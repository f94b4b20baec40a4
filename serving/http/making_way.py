"""The place of a connection among all: whose client has been slow for longest makes way where there are too many."""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from serving.http import malformed
from serving.http.errors import RETRY, HttpError
from serving.http.refusal_log import refused_early
from serving.http.sending import Sending

CROWDED_SECONDS = 1.0
"""For the request of a connection that has no place."""
_FOR_OPERATORS = (b"/livez", b"/readyz", b"/metrics")
_RESERVE = 100  # connections past the limit that may ask for these, and that read why they are refused
_SLOW_SECONDS = 1.0  # after which a client that sends no whole request makes way for another


class MakingWay(Sending):
    """uvicorn's protocol as one of at most `deploy.max_connections`.

    A new one takes the place of one whose client is slow. Where there is none it is crowded: it has one request, that
    of an operator, or the reason why not.
    """

    __slots__ = ("_crowded", "_deaf", "_running", "_since")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, for a moment only where there are too many."""
        self._deaf = False  # what still comes is read past
        self._running: RequestResponseCycle | None = None  # the one that is answered; others wait in the pipeline
        self._since = self.loop.time()  # when the client was last given something, or sent a head
        super().connection_made(transport)
        past = len(self.connections) - self.limits.max_connections
        if past > 0 and self._made_room():
            past = 0
        self._crowded = past > 0
        if past > _RESERVE:
            self._deaf = True
            self._note(error := too_many())
            transport.write(malformed.response(error))
            transport.close()

    def owes_since(self) -> float:
        """Return since when it is the client's turn, by the loop's time; infinite where it is ours."""
        is_ours = self._running is not None and (self._running is not self.cycle or not self.cycle.more_body)
        return float("inf") if is_ours else self._since

    def give_way(self) -> None:
        """End at once: another client needs the place."""
        self._since = float("inf")
        self._deaf = True
        path = self.url.partition(b"?")[0] if self._begun() else b""
        refused_early(self.client, "-", path, 408, "too slow, and its place was needed")
        self.transport.abort()

    def _made_room(self) -> bool:
        """Let go of the connection whose client has been silent, or slow, for longest; say whether there is one."""
        latest = self.loop.time() - _SLOW_SECONDS
        slow = [one for one in self.connections if isinstance(one, MakingWay) and one.owes_since() < latest]
        if not slow:
            return False
        slowest = min(slow, key=MakingWay.owes_since)
        slowest.give_way()
        return True

    def _require_place(self) -> None:
        """Raise HttpError where there are too many, and an operator's question is another one."""
        if self._crowded and self.url.partition(b"?")[0] not in _FOR_OPERATORS:
            raise too_many()

    def _last_word(self, error: HttpError | None) -> None:
        if error is not None:
            self.transport.write(malformed.response(error, with_body=self._method() != b"HEAD"))
        self._linger()

    def _note(self, error: HttpError) -> None:
        path = self.url.partition(b"?")[0] if self._begun() else b""
        refused_early(self.client, (self._method() or b"-").decode("latin-1"), path, error.status, error.reason)

    def _method(self) -> bytes:
        """Return the method, empty while it is not known."""
        return self.parser.get_method() if self._begun() and self.url else b""

    def _begun(self) -> bool:
        """Return whether there is a request that the application does not have yet."""
        return self.scope is not None and (self.cycle is None or self.scope is not self.cycle.scope)


def too_many() -> HttpError:
    """Return the response where there is no place."""
    return HttpError(503, "there are too many connections (deploy.max_connections); try again", headers=RETRY)
