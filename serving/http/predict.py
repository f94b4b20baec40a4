"""`POST /predict`: read, validate, predict, journal, acknowledge."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.validation.rows import Checked, RowError
from serving.http.endpoint import RETRY
from serving.http.errors import HttpError, dump
from serving.http.instances import instances
from serving.http.metrics import Metrics
from serving.journal.writer import Journal, JournalError, Prediction
from serving.releases.follower import Follower
from serving.releases.loaded_version import Version, confidence, is_finite

_INLINE_BYTES = 65_536  # larger bodies are worked on in a thread, so that the others need not wait


class Predict:
    """What predicts the rows of a body."""

    def __init__(self, model: str, follower: Follower, journal: Journal, metrics: Metrics) -> None:
        self._model, self._follower, self._journal, self._metrics = model, follower, journal, metrics
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def respond(self, content: bytes, started: float) -> bytes:
        """Return the response to a body that arrived at `started`. Raises HttpError."""
        version = self._follower.current
        if version is None:
            raise HttpError(503, f"not ready: {self._follower.why_not_ready}", headers=RETRY)
        if self._follower.journal_error is not None:
            raise HttpError(503, f"not ready: {self._follower.journal_error}", headers=RETRY)
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
            len(work.predictions), len(work.checked.errors), sum(answer["needs_review"] for answer in work.predictions)
        )
        head = dump({"model": self._model, "version": version.version, "request_id": request_id})
        return f'{head[:-1]},"predictions":[{",".join(work.in_order())}]}}'.encode()

    async def _record(self, request_id: str, version: Version, work: "_Work", started: float) -> None:
        now, latency, inputs = time.time(), time.perf_counter() - started, version.validator.inputs
        predictions = [
            Prediction(
                request_id, position, now, version.version, to_json(inputs(work.rows[position])).decode(), text,
                confidence(answer), answer["needs_review"], latency,
            )
            for position, answer, text in zip(work.checked.positions, work.predictions, work.texts, strict=True)
        ]  # fmt: skip
        try:
            await self._journal.write(predictions)
        except JournalError as error:
            raise HttpError(503, "the journal cannot be written, so the answer is withheld", headers=RETRY) from error


@dataclass(frozen=True)
class _Work:
    """What came of a body: its rows, what validation found, and the valid rows' predictions as objects and as JSON."""

    rows: list[Any]
    checked: Checked
    predictions: list[dict[str, Any]]
    texts: list[str]

    def in_order(self) -> list[str]:
        """Return one JSON text for each row of the request."""
        if not self.checked.errors:
            return self.texts
        texts = {position: dump({"error": error}) for position, error in self.checked.errors.items()}
        texts.update(zip(self.checked.positions, self.texts, strict=True))
        return [texts[position] for position in range(len(self.rows))]


def _work(version: Version, content: bytes) -> _Work:
    rows = instances(content)
    checked = version.validator.check(rows)
    if not checked.positions:
        raise _NoValidRow(checked.errors, len(rows))
    predictions = version.predict(checked.cells)
    if not all(map(is_finite, predictions)):
        raise HttpError(422, NO_FINITE_PREDICTION)
    return _Work(rows, checked, predictions, [to_json(answer).decode() for answer in predictions])


class _NoValidRow(HttpError):
    def __init__(self, errors: dict[int, RowError], count: int) -> None:
        first = errors[0]
        message = first["message"] if first["column"] is None else f"{first['column']!r} {first['message']}"
        text = message if count == 1 else f"none of the {count} rows is valid; the first: {message}"
        super().__init__(422, text, column=first["column"])
        self.errors = errors

    def content(self) -> dict[str, Any]:
        """Add one error for each row."""
        return super().content() | {"predictions": [{"error": row} for row in self.errors.values()]}


def _request_id() -> str:
    """Return a UUID whose first 48 bits are the time (version 7), so that the journal's index grows at its end."""
    milliseconds = time.time_ns() // 1_000_000
    text = (milliseconds.to_bytes(6, "big") + os.urandom(10)).hex()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"
