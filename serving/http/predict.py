"""`POST /predict`: read, validate, predict, journal, acknowledge."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic_core import to_json

from ml.predictions.codec import Encoded, finite, is_finite
from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.predictions.predictor import Predictions
from ml.validation.row_errors import RowError
from ml.validation.rows import Checked
from schemas.base import Strict
from schemas.run import DeploySpec
from schemas.signature import Signature
from serving.http import models
from serving.http.endpoint import Context, Reply
from serving.http.errors import RETRY, HttpError, dump
from serving.http.explaining import Explaining
from serving.http.families import Latency, counter
from serving.http.fault_kinds import UNKNOWN_COLUMN, kind_of_fault
from serving.http.json_post import REFUSALS, JsonPost
from serving.http.reading import GoOn, Reader, Rows, reader
from serving.journal.insertion import Request
from serving.journal.writer import JournalError
from serving.releases.loaded_version import Version

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_INLINE_BYTES = 65_536  # larger bodies are worked on in a thread, so that the others need not wait
_FEW = 4  # rows for which NumPy takes longer than Python
_INLINE_TEXTS = 16_384  # the same of texts, whose words take longer than numbers


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
        self._readers: dict[str, Reader] = {}
        self._explaining = Explaining(context.pulse, self._spec.deadline)
        self._requests: Counter[int] = Counter()
        self._latency = Latency()
        self._predicted = self._refused = self._for_review = 0  # rows

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request with one row."""
        return {"instances": [dict(sample)]}

    def count(self, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests[status] += 1
        self._latency.add(seconds)

    def metrics(self) -> "Iterator[Metric]":
        """Yield requests by status, rows, and how long requests took."""
        mine = {"model": self._model}
        requests = [(mine | {"status": str(status)}, count) for status, count in sorted(self._requests.items())]
        yield counter("drivetrain_requests", "Requests to /predict by status.", requests)
        yield counter("drivetrain_rows", "Rows predicted.", [(mine, self._predicted)])
        yield counter(
            "drivetrain_row_errors", "Rows refused beside others that were predicted.", [(mine, self._refused)]
        )
        yield counter("drivetrain_needs_review", "Rows routed to review.", [(mine, self._for_review)])
        yield self._latency.family("drivetrain_request_seconds", "Seconds a request to /predict took.", mine)

    async def respond(self, content: bytes, started: float) -> bytes:
        """Return the response to a body that arrived at `started`. Raises HttpError."""
        version = self._follower.current
        if version is None:
            raise HttpError(503, f"not ready: {self._follower.why_not_ready}", headers=RETRY)
        if self._follower.journal_error is not None:
            raise HttpError(503, f"not ready: {self._follower.journal_error}", headers=RETRY)
        most_inline = _INLINE_TEXTS if version.model.texts else _INLINE_BYTES
        go_on = self._going_on(started)
        if len(content) <= most_inline and version.is_quick(
            max(content.count(b"{"), content.count(b",") // version.validator.width)
        ):
            work = _work(version, self._reader(version), content, self._spec, go_on)
        else:
            loop = asyncio.get_running_loop()
            work = await loop.run_in_executor(self._threads, self._timed, version, content, go_on)
        request_id = _request_id()
        await self._record(request_id, version, work, started)
        self._predicted += len(work.predictions)
        self._refused += len(work.checked.errors)
        self._for_review += sum(work.predictions.needs_review)
        answers = work.answers
        if work.predicted is not None or work.checked.errors:
            texts = work.texts()
            if work.predicted is not None:
                texts = await self._explaining.add(version.explainer, work.checked, work.predicted, texts, started)
            answers = work.in_order(texts)
        head = dump({"model": self._model, "version": version.version, "request_id": request_id})
        return f'{head[:-1]},"predictions":{answers}}}'.encode()

    def _reader(self, version: Version) -> Reader:
        """Return what reads the requests to a version; it is made once for each."""
        known = self._readers
        if version.version not in known:
            model, keep = version.model, self._context.settings.journal.keep
            made = reader(model.signature, version.validator, self._spec, keep, model.texts)
            self._readers = known = {version.version: made}
        return known[version.version]

    def _timed(self, version: Version, content: bytes, go_on: GoOn) -> "_Work":
        self._context.pulse.begin()
        try:
            return _work(version, self._reader(version), content, self._spec, go_on)
        finally:
            self._context.pulse.end()

    async def _record(self, request_id: str, version: Version, work: "_Work", started: float) -> None:
        positions = work.checked.positions
        request = Request(
            request_id=request_id,
            time=time.time(),
            version=version.version,
            rows=len(positions),
            places=dump(positions) if work.checked.errors else None,
            inputs=work.rows.kept.inputs,
            numbers=work.rows.kept.numbers,
            answers=work.answers,
            for_review=sum(work.predictions.needs_review),
            latency=time.perf_counter() - started,
        )
        try:
            await self._journal.write(request)
        except JournalError as error:
            raise HttpError(503, "the journal cannot be written, so the answer is withheld", headers=RETRY) from error


@dataclass
class _Work:
    """What came of a body: its rows, and the valid ones' predictions as objects and as the JSON of a list.

    `predicted` are these predictions as arrays where they are to be explained.
    """

    rows: Rows
    predictions: Encoded
    answers: str
    predicted: Predictions | None = None

    @property
    def checked(self) -> Checked:
        """What validation found."""
        return self.rows.checked

    def texts(self) -> list[str]:
        """Return the JSON of each prediction."""
        return [to_json(record).decode() for record in self.predictions.records]

    def in_order(self, texts: list[str]) -> str:
        """Return the JSON of a list with an element for each row of the request, predictions as `texts`."""
        found = {position: dump({"error": error}) for position, error in self.checked.errors.items()}
        found.update(zip(self.checked.positions, texts, strict=True))
        return f"[{','.join(found[position] for position in range(self.rows.count))}]"


def _work(version: Version, reads: Reader, content: bytes, spec: DeploySpec, go_on: GoOn) -> _Work:
    def admit(rows: int, explain: bool) -> None:
        bytes_per_row = version.bytes_per_row + (version.explainer.bytes_per_row if explain else 0)
        if rows * bytes_per_row > spec.max_answer:
            raise HttpError(413, _too_much(rows, spec.max_answer // bytes_per_row, explain=explain))

    rows = reads.read(content, admit, go_on)
    checked = rows.checked
    if not checked.positions:
        raise _NoValidRow(checked.errors, rows.count)
    predicted = version.predict(checked.cells)
    encoded = version.model.encode(predicted)
    if not (finite(predicted).all() if len(encoded) > _FEW else all(map(is_finite, encoded.records))):
        raise HttpError(422, NO_FINITE_PREDICTION)
    return _Work(rows, encoded, to_json(encoded.records).decode(), predicted if rows.explain else None)


def _too_much(rows: int, most: int, *, explain: bool) -> str:
    what = f"the {'explained ' if explain else ''}answer to {rows:,} rows is too large (deploy.max_answer)"
    return f"{what}: send {most:,} at a time" if most or not explain else f"{what}: leave out explain"


class _NoValidRow(HttpError):
    def __init__(self, errors: dict[int, RowError], count: int) -> None:
        first = errors[0]
        message = first["message"] if first["column"] is None else _of_column(first["column"], first["message"])
        text = message if count == 1 else f"none of the {count} rows is valid; the first: {message}"
        super().__init__(422, text, column=first["column"], reason=_reason(first, count))
        self.errors = errors

    def content(self) -> dict[str, Any]:
        """Add one error for each row."""
        return super().content() | {"predictions": [{"error": row} for row in self.errors.values()]}


def _of_column(column: str, message: str) -> str:
    """Return what is wrong with a column; a message that is a sentence of its own follows a colon."""
    return f"{column!r}{':' if message.startswith(UNKNOWN_COLUMN) else ''} {message}"


def _reason(first: RowError, count: int) -> str:
    kind = kind_of_fault(first["message"])
    where = "" if first["column"] is None or kind == UNKNOWN_COLUMN else f"{first['column']!r} "
    return f"{where}{kind}" if count == 1 else f"none of the {count} rows is valid; the first: {where}{kind}"


def _request_id() -> str:
    """Return a UUID whose first 48 bits are the time (version 7), so that the journal's index grows at its end."""
    milliseconds = time.time_ns() // 1_000_000
    text = (milliseconds.to_bytes(6, "big") + os.urandom(10)).hex()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"
