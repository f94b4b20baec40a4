"""`POST /predict`: read, validate, answer, journal, acknowledge."""

import asyncio
import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from schemas.run import DeploySpec
from serving import body
from serving.follower import Follower
from serving.http_error import Disconnected, HttpError, refuse
from serving.instances import instances
from serving.journal import Journal, JournalError, Prediction
from serving.metrics import Metrics
from serving.validation import Checked, RowError
from serving.version import Version, confidence, is_finite

logger = logging.getLogger("bentoml.drivetrain")
_RETRY = ((b"retry-after", b"1"),)
_CLOSE = ((b"connection", b"close"),)
_INLINE_BYTES = 65_536  # larger bodies are worked on in a thread, so that the others need not wait


class Predict:
    """The endpoint as an ASGI application."""

    def __init__(self, model: str, spec: DeploySpec, follower: Follower, journal: Journal, metrics: Metrics) -> None:
        self._model, self._spec, self._follower, self._journal, self._metrics = model, spec, follower, journal, metrics
        self._in_work = 0
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever the client sent, the status is below 500 unless we cannot serve."""
        started = time.perf_counter()
        status = 500
        try:
            content = await self._content(scope, receive, started)
            status = 200
            await send({"type": "http.response.start", "status": 200, "headers": _headers(content)})
            await send({"type": "http.response.body", "body": content})
        except HttpError as error:
            status = error.status
            await refuse(scope, receive, send, error, _error(error))
        except Disconnected:
            status = 499  # nobody is left to answer
        finally:
            self._metrics.request(status, time.perf_counter() - started)

    async def _content(self, scope: Scope, receive: Receive, started: float) -> bytes:
        try:
            return await self._within_limits(scope, receive, started)
        except (HttpError, Disconnected):
            raise
        except Exception as error:
            # A defect of ours. Without an answer the client would wait for BentoML's timeout.
            logger.exception("a request to /predict broke")
            raise HttpError(500, "the service broke on this request") from error

    async def _within_limits(self, scope: Scope, receive: Receive, started: float) -> bytes:
        if scope["method"] != "POST":
            raise HttpError(405, "use POST", headers=((b"allow", b"POST"),))
        if self._in_work >= self._spec.queue:
            raise HttpError(429, f"{self._in_work} requests are in work already; try again", headers=_RETRY)
        self._in_work += 1
        stage = "sending its body"
        try:
            async with asyncio.timeout(self._spec.deadline):
                content = await body.read(scope, receive, self._spec.max_body)
                stage = "an answer"
                return await self._answer(content, started)
        except TimeoutError:
            if stage == "an answer":
                raise HttpError(504, f"there was no answer within {self._spec.deadline:g} seconds") from None
            raise HttpError(
                408, f"the body did not arrive within {self._spec.deadline:g} seconds", headers=_CLOSE
            ) from None
        finally:
            self._in_work -= 1

    async def _answer(self, content: bytes, started: float) -> bytes:
        version = self._follower.current
        if version is None:
            raise HttpError(503, f"not ready: {self._follower.why_not_ready}", headers=_RETRY)
        if self._follower.journal_error is not None:
            raise HttpError(503, f"not ready: {self._follower.journal_error}", headers=_RETRY)
        if len(content) <= _INLINE_BYTES and version.is_quick(
            max(content.count(b"{"), content.count(b",") // version.validator.width)
        ):
            work = _work(version, content)
        else:
            loop = asyncio.get_running_loop()
            work = await loop.run_in_executor(self._threads, _work, version, content)
        request_id = _request_id()
        await self._record(request_id, version, work, started)
        self._metrics.rows(
            len(work.answers), len(work.checked.errors), sum(answer["needs_review"] for answer in work.answers)
        )
        head = _dump({"model": self._model, "version": version.version, "request_id": request_id})
        return f'{head[:-1]},"predictions":[{",".join(work.in_order())}]}}'.encode()

    async def _record(self, request_id: str, version: Version, work: "_Work", started: float) -> None:
        now, latency, inputs = time.time(), time.perf_counter() - started, version.validator.inputs
        predictions = [
            Prediction(
                request_id, position, now, version.version, to_json(inputs(work.rows[position])).decode(), text,
                confidence(answer), answer["needs_review"], latency,
            )
            for position, answer, text in zip(work.checked.positions, work.answers, work.texts, strict=True)
        ]  # fmt: skip
        try:
            await self._journal.write(predictions)
        except JournalError as error:
            raise HttpError(503, "the journal cannot be written, so the answer is withheld", headers=_RETRY) from error


@dataclass(frozen=True)
class _Work:
    """What came of a body: its rows, what validation said, and the valid rows' answers as objects and as JSON."""

    rows: list[Any]
    checked: Checked
    answers: list[dict[str, Any]]
    texts: list[str]

    def in_order(self) -> list[str]:
        """Return one JSON text for each row of the request."""
        if not self.checked.errors:
            return self.texts
        texts = {position: _dump({"error": error}) for position, error in self.checked.errors.items()}
        texts.update(zip(self.checked.positions, self.texts, strict=True))
        return [texts[position] for position in range(len(self.rows))]


def _work(version: Version, content: bytes) -> _Work:
    rows = instances(content)
    checked = version.validator.check(rows)
    if not checked.positions:
        raise _NoValidRow(checked.errors, len(rows))
    answers = version.answer(checked.cells)
    if not all(map(is_finite, answers)):
        raise HttpError(
            422, "the model has no finite answer for these values; are they far from what it was trained on?"
        )
    return _Work(rows, checked, answers, [to_json(answer).decode() for answer in answers])


class _NoValidRow(HttpError):
    def __init__(self, errors: dict[int, RowError], count: int) -> None:
        first = errors[0]
        said = first["message"] if first["column"] is None else f"{first['column']!r} {first['message']}"
        text = said if count == 1 else f"none of the {count} rows is valid; the first: {said}"
        super().__init__(422, text, column=first["column"])
        self.errors = errors


def _headers(content: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]


def _error(error: HttpError) -> bytes:
    detail: dict[str, Any] = {"message": error.message}
    if error.column is not None:
        detail["column"] = error.column
    content: dict[str, Any] = {"error": detail}
    if isinstance(error, _NoValidRow):
        content["predictions"] = [{"error": row} for row in error.errors.values()]
    return _dump(content).encode()


def _dump(content: object) -> str:
    return json.dumps(content)  # escapes what is not ASCII: an error may quote half of a surrogate pair


def _request_id() -> str:
    """Return a UUID whose first 48 bits are the time (version 7), so that the journal's index grows at its end."""
    milliseconds = time.time_ns() // 1_000_000
    text = (milliseconds.to_bytes(6, "big") + os.urandom(10)).hex()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"
