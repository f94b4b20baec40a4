"""A `POST` of JSON that is answered with JSON."""

from abc import abstractmethod

from starlette.types import Scope

from serving.http.endpoint import Reply
from serving.http.models import Error
from serving.http.post import Post, Sent
from serving.http.security import ANSWER

_HEADERS = ((b"content-type", b"application/json"), *ANSWER)

REFUSALS = {
    400: Reply(
        "Not strict JSON (NaN, a key twice, too deep, not UTF-8, empty), or not of the form of a request; or not HTTP.",
        Error,
    ),
    408: Reply("The body did not arrive within the deadline, or the headers not in time.", Error),
    413: Reply("The body is over the limit, and the connection is closed; or it has too many rows.", Error),
    415: Reply("Not application/json, or compressed.", Error),
    429: Reply(
        "More requests than are answered in time, or that wait for the journal, or too many bytes of bodies; "
        "Retry-After says when to come again.",
        Error,
    ),
    503: Reply(
        "No version is loaded yet, the journal cannot be used, what is looked up cannot be had, or there are too many "
        "connections; Retry-After says when to come again.",
        Error,
    ),
    504: Reply("No answer within the deadline; Retry-After says when to come again.", Error),
}
"""What every endpoint of this kind may answer, beside what all may."""


class JsonPost(Post):
    """An endpoint that takes JSON and answers JSON."""

    @abstractmethod
    async def respond(self, content: bytes, started: float, scope: Scope) -> bytes:
        """Return the JSON of a 200 to a body that arrived at `started` (time.perf_counter), or raise HttpError."""

    async def answer(self, content: bytes, started: float, scope: Scope) -> Sent:
        """Return the 200. Raises HttpError."""
        return Sent(await self.respond(content, started, scope), _HEADERS)
