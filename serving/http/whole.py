"""An answer written in one piece.

uvicorn writes the head of an answer and its body apart: two calls of the kernel and two packets, which take longer than
reading and checking a row does.
"""

from functools import lru_cache

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

CYCLE = "drivetrain.cycle"
"""Key of a scope under which a connection says who writes the answer."""


def write_whole(scope: Scope, status: int, headers: tuple[tuple[bytes, bytes], ...], content: bytes) -> bool:
    """Write an answer, and end its request.

    Args:
        scope: The request's.
        status: Of the answer.
        headers: All but those that uvicorn adds, and the content's length.
        content: The body.

    Returns:
        Whether it was written; where not, nothing was, and it is to be sent by messages: the client reads slowly or is
        gone, this is the connection's last request, or no connection of ours has it.
    """
    cycle: RequestResponseCycle | None = scope.get(CYCLE)
    if (
        cycle is None
        or cycle.flow.write_paused
        or cycle.disconnected
        or cycle.response_started
        or not cycle.keep_alive
        or cycle.scope["method"] == "HEAD"
    ):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    head = _head(status, tuple(cycle.default_headers), headers)
    cycle.transport.write(b"%b%d\r\n\r\n%b" % (head, len(content), content))
    cycle.message_event.set()
    cycle.on_response()
    return True


@lru_cache(maxsize=16)
def _head(status: int, default: tuple[tuple[bytes, bytes], ...], headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Return status and headers up to the content's length; uvicorn's hold the date, which is another every second."""
    lines = [b"%b: %b\r\n" % one for one in (*default, *headers)]
    return b"%b%bcontent-length: " % (STATUS_LINE[status], b"".join(lines))
