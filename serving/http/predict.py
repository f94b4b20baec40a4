"""`POST /predict`: read, validate, predict, journal, acknowledge."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.types import Scope

from schemas.base import Strict
from schemas.signature import Signature
from serving.http import models
from serving.http.counts import NO_VERSION, CountsByVersion
from serving.http.endpoint import Context, Reply
from serving.http.errors import RETRY, HttpError, dump
from serving.http.explaining import Explaining
from serving.http.json_post import REFUSALS, JsonPost
from serving.http.reading import GoOn, Reader, reader
from serving.http.shadowing import Shadowing
from serving.http.work import Work, request_of, work
from serving.journal.writer import JournalError
from serving.releases.loaded_version import Version
from serving.releases.loader import Key

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_INLINE_BYTES = 65_536  # larger bodies are worked on in a thread, so that the others need not wait
_INLINE_TEXTS = 16_384  # the same of texts, whose words take longer than numbers
_VERSION = "drivetrain.version"  # of a request, the version that answers it


class PredictRequest(Strict):
    """The rows to predict."""

    instances: list[models.Row] = Field(min_length=1)
    explain: bool = Field(default=False, description="whether to say of each prediction what moved it")


class PredictResponse(BaseModel):
    """One prediction or error for each row, in order."""

    model: str
    version: str
    request_id: UUID
    predictions: list[models.Prediction | models.RowError]


class Predict(JsonPost):
    """What predicts the rows of a body."""

    path = "/predict"
    summary = "Predict rows."
    description = (
        "A row that breaks the signature gets its own error and harms no other row. With explain=true each predicted "
        "row says what moved it, as far as the deadline allows."
    )
    request = PredictRequest
    replies = {
        200: Reply("One prediction or error for each row, in order.", PredictResponse),
        422: Reply("No row is valid, or the model has no finite prediction.", models.Error),
        **REFUSALS,
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._model, self._follower, self._journal = context.settings.model, context.follower, context.journal
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._readers: dict[Key, Reader] = {}
        self._heads: dict[str, str] = {}
        self._explaining = Explaining(context.pulse, self._spec.deadline)
        self._counts = CountsByVersion(self._model)
        self._shadowing = Shadowing(self._model, self._journal, self._shadowed)
        self._route_by = (self._spec.route_by or "").lower().encode()

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request with one row."""
        return {"instances": [dict(sample)]}

    def count(self, status: int, seconds: float, scope: Scope) -> None:
        """Count one request."""
        counts = self._counts.of(scope.get(_VERSION, NO_VERSION))
        counts.requests[status] += 1
        counts.latency.add(seconds)

    def metrics(self) -> "Iterator[Metric]":
        """Yield requests by version and status, rows, and how long requests took."""
        yield from self._counts.metrics()
        yield from self._shadowing.metrics()

    async def respond(self, content: bytes, started: float, scope: Scope) -> bytes:
        """Return the response to a body that arrived at `started`. Raises HttpError."""
        traffic = self._follower.traffic
        if traffic is None:
            raise HttpError(503, f"not ready: {self._follower.why_not_ready}", headers=RETRY)
        if self._follower.journal_error is not None:
            raise HttpError(503, f"not ready: {self._follower.journal_error}", headers=RETRY)
        request_id = _request_id()
        version = traffic.current if traffic.candidate is None else traffic.route(self._key(scope, request_id))
        scope[_VERSION] = version.version
        done = await self._worked(version, content, self._going_on(started))
        await self._record(request_id, version, done, started)
        counts = self._counts.of(version.version)
        counts.predicted += len(done.predictions)
        counts.refused += len(done.checked.errors)
        counts.for_review += sum(done.predictions.needs_review)
        if traffic.shadow is not None:
            self._shadowing.follow(traffic.shadow, content, request_id)
        answers = done.answers
        if done.predicted is not None or done.checked.errors:
            texts = done.texts()
            if done.predicted is not None:
                texts = await self._explaining.add(version.explainer, done.checked, done.predicted, texts, started)
            answers = done.in_order(texts)
        return f'{self._head(version.version)}{request_id}","predictions":{answers}}}'.encode()

    def _head(self, version: str) -> str:
        """Return the beginning of an answer, up to its request's id."""
        found = self._heads.get(version)
        if found is None:
            found = self._heads[version] = f'{dump({"model": self._model, "version": version})[:-1]}, "request_id": "'
        return found

    def _key(self, scope: Scope, request_id: str) -> str:
        """Return what decides which version answers: the declared header, else the request."""
        if self._route_by:
            for name, value in scope["headers"]:
                if name == self._route_by:
                    return str(value.decode("latin-1"))
        return request_id

    async def _worked(self, version: Version, content: bytes, go_on: GoOn) -> Work:
        """Work on a body, here where that is quick."""
        most_inline = _INLINE_TEXTS if version.model.texts else _INLINE_BYTES
        if len(content) <= most_inline and version.is_quick(
            max(content.count(b"{"), content.count(b",") // version.validator.width)
        ):
            return work(version, self._reader(version), content, self._spec, go_on)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._timed, version, content, go_on)

    def _shadowed(self, version: Version, content: bytes) -> Work:
        return work(version, self._reader(version), content, self._spec, self._going_on(time.perf_counter()))

    def _reader(self, version: Version) -> Reader:
        """Return what reads the requests to a version; it is made once for each that is loaded."""
        found = self._readers.get(version.key)
        if found is None:
            model, keep = version.model, self._context.settings.journal.keep
            found = reader(model.signature, version.validator, self._spec, keep, model.texts)
            loaded = {one.key for one in self._follower.loaded()}
            known = {key: one for key, one in self._readers.items() if key in loaded}
            self._readers = {**known, version.key: found}
        return found

    def _timed(self, version: Version, content: bytes, go_on: GoOn) -> Work:
        self._context.pulse.begin()
        try:
            return work(version, self._reader(version), content, self._spec, go_on)
        finally:
            self._context.pulse.end()

    async def _record(self, request_id: str, version: Version, done: Work, started: float) -> None:
        request = request_of(request_id, version.version, done, time.perf_counter() - started)
        try:
            await self._journal.write(request)
        except JournalError as error:
            raise HttpError(503, "the journal cannot be written, so the answer is withheld", headers=RETRY) from error


def _request_id() -> str:
    """Return a UUID whose first 48 bits are the time (version 7), so that the journal's index grows at its end."""
    milliseconds = time.time_ns() // 1_000_000
    text = (milliseconds.to_bytes(6, "big") + os.urandom(10)).hex()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"
