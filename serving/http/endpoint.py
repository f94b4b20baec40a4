"""What an endpoint brings: its place in the OpenAPI document, its example, its counters, and its work."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schemas.signature import Signature
from serving.http.answering import Answering
from serving.http.authentication import Authentication
from serving.http.errors import Broken, HttpError, refuse
from serving.http.held import Held
from serving.http.models import Error
from serving.http.pulse import Pulse
from serving.http.security import ANSWER
from serving.http.worker import Worker
from serving.journal.writer import Journal
from serving.process.settings import Settings
from serving.releases.follower import Follower
from serving.rollouts.controller import Controller

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from serving.http.telemetry import Telemetry

logger = logging.getLogger("bentoml.drivetrain")


@dataclass(frozen=True)
class Reply:
    """One status: when it is answered, and the type of its body, which becomes a JSON schema.

    `is_also_binary`: the body may be bytes of another form instead, as the summary says.
    """

    text: str
    body: Any
    media: str = "application/json"
    is_also_binary: bool = False


UNAUTHORIZED = 401
EVERY: Mapping[int, Reply] = {
    400: Reply("Not a request of HTTP/1.1 or HTTP/1.0, or malformed.", Error),
    UNAUTHORIZED: Reply("The service asks for keys, and the request shows none that is good.", Error),
    405: Reply("Another method.", Error),
    408: Reply("The headers did not arrive in time.", Error),
    431: Reply("The headers are too large, or too many; the connection is closed.", Error),
    500: Reply("A defect of the service; its log has it.", Error),
    503: Reply("There are too many connections; Retry-After says when to come again.", Error),
}
"""What every endpoint may answer, beside what it says of itself."""


@dataclass(frozen=True)
class Context:
    """What endpoints work with; `endpoints` are all of them, once they are made, and `held` is what they share.

    `controller` knows the rollout that runs; None: nobody looks.
    """

    settings: Settings
    follower: Follower
    journal: Journal
    endpoints: Sequence["Endpoint"]
    held: Held
    authentication: Authentication
    answering: Answering
    worker: Worker
    telemetry: "Telemetry | None" = None
    controller: Controller | None = None

    @property
    def pulse(self) -> Pulse:
        """Whether the worker goes on."""
        return self.worker.pulse


class Endpoint(ABC):
    """One path of the service, an ASGI application.

    The class attributes and `example` make its part of the OpenAPI document and of the page under `/docs`. `request`
    and the bodies of `replies` describe only: a request is read and checked by the endpoint's own code. `metrics` is
    its part of `/metrics`.
    """

    method: ClassVar[Literal["get", "post"]]
    path: ClassVar[str]
    summary: ClassVar[str]
    description: ClassVar[str] = ""
    request: ClassVar[type[BaseModel] | None] = None
    headers: ClassVar[Mapping[str, str]] = {}
    """Headers of a request that mean something here, each with what it says."""
    replies: ClassVar[Mapping[int, Reply]]
    needs_key: ClassVar[bool] = True
    """Whether it is for those with a key alone, where the service asks for keys."""
    looks_up: ClassVar[bool] = False
    """Whether what a row leaves out is looked up, so that the example may leave it out."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @abstractmethod
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

    @classmethod
    def every_reply(cls) -> dict[int, Reply]:
        """Return what is answered by status, those of all endpoints among them."""
        found = {**EVERY, **cls.replies}
        return {status: found[status] for status in sorted(found) if cls.needs_key or status != UNAUTHORIZED}

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a request's body as a client may send it, None where a request has no body.

        Args:
            signature: Of the current version, None before there is one.
            sample: A row that it takes.
        """
        return None

    def metrics(self) -> "Iterable[Metric]":
        """Return the endpoint's metric families; no other endpoint has families of these names."""
        return ()


class Page(Endpoint):
    """Something that is read: a `GET` without a body."""

    method = "get"

    @abstractmethod
    async def respond(self, request: Request) -> Response:
        """Return the response, or raise HttpError."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await self.respond(Request(scope, receive, send))
        except HttpError as error:
            await refuse(scope, receive, send, error)
            return
        except Exception:  # a defect of ours, which the client gets no word of
            logger.exception("a request to %s broke", self.path)
            await refuse(scope, receive, send, Broken())
            return
        response.raw_headers += ANSWER
        await response(scope, receive, send)
