"""`POST /feedback`: a label that arrives later, for a prediction that the journal holds."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Scope

from ml.predictions.codec import VALUE, is_forecast
from ml.validation.refusal import Refusal, kind_of
from schemas.base import Strict
from schemas.retraining import LONGEST_SOURCE
from schemas.signature import Signature
from serving.http import models
from serving.http.body import parse, unknown_keys
from serving.http.endpoint import Context, Reply
from serving.http.errors import RETRY, HttpError, dump
from serving.http.fault_kinds import kind_of_fault
from serving.http.json_post import REFUSALS, JsonPost
from serving.http.label_value import accepted, accepted_steps, classes_of
from serving.http.metric_table import LABELS
from serving.journal.labels import KeptPrediction, Label, LabelStatus, kept_prediction, kept_rows
from serving.journal.outcome import JournalError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_EXAMPLE_ID = "01981c5e-7a40-7c1e-8f0a-3d2b1c4e5f60"
_FORM = '{"request_id": "…", "index": 0, "label": …, "source": "…"}'
_LARGEST_INDEX = 2**31 - 1
_LISTED = 10


@dataclass(frozen=True)
class GivenLabel:
    """A request's content; `index` is the position among the instances of the request that is spoken of.

    `source` is who labelled it, None where nobody says.
    """

    request_id: str
    index: int | None
    label: Any
    source: str | None = None


class FeedbackRequest(Strict):
    """A label for one prediction."""

    request_id: str = Field(description="as the prediction came with it")
    index: int | None = Field(None, ge=0, description="may be left out after a request of one row")
    label: models.Label
    source: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_SOURCE,
        description="who or what labelled it: a person, a team, a system; retraining judges labels by it",
    )


class FeedbackResponse(BaseModel):
    """What became of the label."""

    request_id: str
    index: int
    label: models.Label
    status: LabelStatus


class Feedback(JsonPost):
    """What takes labels. The journal is read and written in threads, off the event loop."""

    path = "/feedback"
    largest = 200_000  # the longest label, every character of it escaped
    summary = "Take a label that arrives later."
    description = (
        "It names its prediction by the request_id of the answer, and by the position of the row among the instances. "
        "Monitoring compares predictions with the latest label of each. The same label again changes "
        "nothing; another one corrects the earlier one, which stays in the journal. `source` says who labelled."
    )
    request = FeedbackRequest
    replies = {
        200: Reply("What became of the label, once it is in the journal.", FeedbackResponse),
        404: Reply("No prediction has this request_id, or none at this index.", models.Error),
        422: Reply("The index is needed, or the label is none that the model could predict.", models.Error),
        **REFUSALS,
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._model, self._follower, self._journal = context.settings.model, context.follower, context.journal
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="feedback")
        self._labels: Counter[str] = Counter()

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> dict[str, Any]:
        """Return a label for the first row of a request."""
        forecast = signature.output.forecast if signature is not None else None
        if forecast is not None:
            return {"request_id": _EXAMPLE_ID, "index": 0, "label": [1.5] * min(forecast.horizon, 3)}
        classes = signature.output.classes if signature is not None else None
        return {"request_id": _EXAMPLE_ID, "index": 0, "label": classes[0] if classes else 1.5}

    def count(self, status: int, _seconds: float, _scope: Scope) -> None:
        """Count what was not taken; a client that went away is not counted."""
        if status >= 400 and status != 499:
            self._labels["unknown" if status == 404 else "refused"] += 1

    def metrics(self) -> "Iterator[Metric]":
        """Yield labels by what became of them: also those that no prediction belongs to, and those refused."""
        mine = {"model": self._model}
        outcomes = (*get_args(LabelStatus), "unknown", "refused")
        labels = [(mine | {"status": outcome}, self._labels[outcome]) for outcome in outcomes]
        yield LABELS.of(labels)

    async def respond(self, content: bytes, _started: float, _scope: Scope) -> bytes:
        """Return the response to a body. Raises HttpError."""
        given = read(content)
        if self._follower.journal.error is not None:
            raise HttpError(503, f"not ready: {self._follower.journal.error}", headers=RETRY)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, self._find, given)
            label = self._accepted(given.label, found)
            kept = Label(given.request_id, found.row, json.dumps(label), time.time(), given.source)
            status = await self._journal.label(kept)
        except (SQLAlchemyError, JournalError) as error:
            raise HttpError(
                503, "the journal cannot be read or written, so the label is not taken", headers=RETRY
            ) from error
        self._labels[status] += 1
        reply = {"request_id": given.request_id, "index": found.row, "label": label, "status": status}
        return dump(reply).encode()

    def _find(self, given: GivenLabel) -> KeptPrediction:
        engine, request_id = self._journal.engine, given.request_id
        rows = kept_rows(engine, request_id)
        if not rows:
            raise HttpError(404, "no prediction has this request_id")
        if given.index is None and rows != [0]:
            raise HttpError(422, "the request had several rows: name one by its index, counted from 0")
        row = given.index or 0
        if row in rows:
            return kept_prediction(engine, request_id, row)
        places = ", ".join(map(str, rows[:_LISTED])) + (", …" if len(rows) > _LISTED else "")
        text = f"the request has no prediction at index {row}; it has some at {places}"
        raise HttpError(404, text, reason="the request has no prediction at this index")

    def _accepted(self, label: Any, found: KeptPrediction) -> Any:
        loaded = {version.version: version.model.signature for version in self._follower.loaded()}
        own = loaded.get(found.version)
        record = found.answer
        if is_forecast(record):
            return _steps(label, record)
        others = [name for signature in loaded.values() for name in signature.output.classes or ()]
        classes = classes_of(record, own.output.classes if own else None, others)
        if classes is not None and not classes:
            raise HttpError(503, f"not ready: {self._follower.why_not_ready}", headers=RETRY)
        try:
            return accepted(label, classes, own.text if own else None, merged=own is not None and own.output.merged)
        except Refusal as refusal:
            raise HttpError(422, str(refusal), reason=f"the label {kind_of_fault(str(refusal))}") from refusal


def _steps(label: Any, record: dict[str, Any]) -> Any:
    """Return what came of a forecast. Raises HttpError."""
    try:
        return accepted_steps(label, len(record[VALUE]))
    except Refusal as refusal:
        raise HttpError(422, str(refusal), reason="the label of a forecast is a list of numbers") from refusal


def read(content: bytes) -> GivenLabel:
    """Return what a body states. Raises HttpError: 400 unless it is strict JSON of exactly this form."""
    body = parse(content)
    if not isinstance(body, dict):
        raise HttpError(400, f"the body must be a JSON object of the form {_FORM}")
    missing = [f"the key {key!r} is missing" for key in ("request_id", "label") if key not in body]
    wrong = unknown_keys(body, ("request_id", "index", "label", "source")) or (missing[0] if missing else None)
    if wrong:
        raise HttpError(
            400,
            f"the body must be of the form {_FORM}, where index and source may be left out; {wrong}",
            reason=f"the body must be of the form {_FORM}",
        )
    request_id, index = body["request_id"], body.get("index")
    if not isinstance(request_id, str):
        text = '"request_id" must be the string that a prediction came with'
        raise HttpError(400, f"{text}, not {kind_of(request_id)}", reason=text)
    if index is not None and (isinstance(index, bool) or not isinstance(index, int)):
        text = '"index" must be a whole number, counted from 0'
        raise HttpError(400, f"{text}, not {kind_of(index)}", reason=text)
    if index is not None and not 0 <= index <= _LARGEST_INDEX:
        raise HttpError(404, "no request has a row at this index; they are counted from 0")
    return GivenLabel(request_id, index, body["label"], _source(body.get("source")))


def _source(given: Any) -> str | None:
    """Return who labelled. Raises HttpError."""
    if given is None:
        return None
    text = f'"source" must be text of 1 to {LONGEST_SOURCE} printable characters'
    if not isinstance(given, str):
        raise HttpError(400, f"{text}, not {kind_of(given)}", reason=text)
    if not 1 <= len(given) <= LONGEST_SOURCE or not given.isprintable():
        raise HttpError(400, text)
    return given
