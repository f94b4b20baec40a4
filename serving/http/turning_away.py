"""Which requests of a connection wait to be answered, and how those that come too late are told so at once."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from serving.http.admission import LATE, Admission
from serving.http.clients import Clients
from serving.http.making_way import MakingWay
from serving.http.turn import TURN, Turn

_IN_TASK = 0.0001  # seconds that a refusal takes in a task, about


class TurningAway(MakingWay):
    """uvicorn's protocol, where a request may be too much.

    Such a request costs little: its refusal is written as soon as it is read, without a task of its own. What refusing
    takes, answering lacks; many who ask again at once would leave no time for the others.
    """

    __slots__ = ("_asked", "_is_refused", "_late", "_outlet", "_reads")

    admission: ClassVar[Admission] = Admission()
    clients: ClassVar[Clients] = Clients()

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]
        self._late: tuple[RequestResponseCycle, Any] | None = None  # to be refused now
        self._reads = False  # what came is being parsed
        self._asked = -1  # the period of `clients` in which the last request came
        self._is_refused = False  # that request is too much

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection."""
        super().connection_made(transport)
        self.flow = self._outlet = _Outlet(transport)

    def _take(self, data: bytes, parse: Callable[[bytes], None]) -> None:
        """Let what came be parsed, and refuse what is too much of it."""
        began = time.perf_counter()
        self._reads = True
        parse(data)
        if self._late is not None:
            self._refuse_late(began)
        self._reads = False

    def _asks(self) -> None:
        """Note that its client has asked: its request is whole, or refused; who sends for long makes nobody wait."""
        self._asked = self.clients.note(self._asked)

    def _is_too_much(self) -> bool:
        """Say whether one more request, which has come, would wait for too long; note it for when the client leaves."""
        admission = self.admission
        self._is_refused = admission.waiting >= admission.few and admission.is_over(len(self.clients))
        if self._is_refused:
            self._asks()
        return self._is_refused

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Let the application answer: in a task, but at once where it says no more than that it is too much."""
        is_late = LATE in cycle.scope and cycle.scope["method"] == "POST"
        if is_late and self._reads and self.transport.get_write_buffer_size() == 0:
            self._late = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def _refuse_late(self, began: float) -> None:
        """Refuse what has been parsed and is too much; `began` (time.perf_counter) is when its reading did."""
        while self._late is not None:
            cycle, app = self._late
            self._late = None
            try:
                cycle.run_asgi(app).send(None)
            except StopIteration:
                continue
            raise AssertionError("the refusal of a request waits for something")
        self.admission.refused(time.perf_counter() - began)

    def _enter(self, cycle: RequestResponseCycle) -> None:
        """Note that a request is whole, and the next one to be answered here: it waits, or is too much after all."""
        if LATE in cycle.scope:
            return
        self._asks()
        if self._is_too_much():  # others became whole while it was sent, or answered one before it
            cycle.scope[LATE] = True  # type: ignore[literal-required]
            self.admission.refused(_IN_TASK)
        else:
            turn = cycle.scope[TURN] = Turn(self.admission)  # type: ignore[literal-required]
            self._outlet.give(turn)

    def _done(self) -> None:
        """Note that its request is answered."""
        self._outlet.end()

    def _gone(self) -> None:
        """Note that its client waits no more."""
        self._outlet.leave()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count its client no more; one that was refused comes again."""
        if not self._is_refused:
            self.clients.left(self._asked)
        super().connection_lost(exc)


class _Outlet(FlowControl):
    """uvicorn's bound on what a client leaves unread; who waits for it to read is in no queue of ours."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._turn: Turn | None = None  # of the request that is whole, and not answered
        self._is_draining = False

    def give(self, turn: Turn) -> None:
        """Take the turn of a request that is whole, also while its answer waits to be read already."""
        self._turn = turn
        if self._is_draining:
            turn.went_elsewhere()

    def end(self) -> None:
        """End the turn, if there is one: it is answered."""
        if self._turn is not None:
            self._turn.end()
            self._turn = None

    def leave(self) -> None:
        """End the turn, if there is one: its client is gone."""
        if self._turn is not None:
            self._turn.leave()
            self._turn = None

    async def drain(self) -> None:
        """Wait until the client has read."""
        self._is_draining = True
        if self._turn is not None:
            self._turn.went_elsewhere()
        try:
            await super().drain()
        finally:
            self._is_draining = False
            if self._turn is not None:
                self._turn.came_back()
