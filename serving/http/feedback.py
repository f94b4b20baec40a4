"""`POST /feedback`: a label that arrives later, for a prediction that the journal holds."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ml.validation.values import Refusal, kind_of
from schemas.base import Scalar
from serving.http.body import parse
from serving.http.endpoint import RETRY
from serving.http.errors import HttpError, dump
from serving.http.label_value import accepted, classes_of
from serving.http.metrics import Metrics
from serving.journal.labels import Answered, Label, answered
from serving.journal.writer import Journal, JournalError
from serving.releases.follower import Follower

_FORM = '{"request_id": "…", "index": 0, "label": …}'
_LARGEST_INDEX = 2**31 - 1
_LISTED = 10


@dataclass(frozen=True)
class GivenLabel:
    """A request's content; `index` is the position among the instances of the request that is spoken of."""

    request_id: str
    index: int | None
    label: Any


class Feedback:
    """What takes labels. The journal is read and written in threads, off the event loop."""

    def __init__(self, follower: Follower, journal: Journal, metrics: Metrics) -> None:
        self._follower, self._journal, self._metrics = follower, journal, metrics
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="feedback")

    async def respond(self, content: bytes, _started: float) -> bytes:
        """Return the response to a body. Raises HttpError."""
        given = read(content)
        if self._follower.journal_error is not None:
            raise HttpError(503, f"not ready: {self._follower.journal_error}", headers=RETRY)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, self._find, given)
            label = self._accepted(given.label, found)
            kept = Label(given.request_id, found.row, json.dumps(label), time.time())
            status = await self._journal.label(kept)
        except (SQLAlchemyError, JournalError) as error:
            raise HttpError(
                503, "the journal cannot be read or written, so the label is not taken", headers=RETRY
            ) from error
        self._metrics.label(status)
        reply = {"request_id": given.request_id, "index": found.row, "label": label, "status": status}
        return dump(reply).encode()

    def count(self, status: int, _seconds: float) -> None:
        """Count what was not taken; a client that went away is not counted."""
        if status >= 400 and status != 499:
            self._metrics.label("unknown" if status == 404 else "refused")

    def _find(self, given: GivenLabel) -> Answered:
        found = answered(self._journal.engine, given.request_id, given.index, most=2)
        if [one.row for one in found] == [given.index or 0]:
            return found[0]
        others = found or answered(self._journal.engine, given.request_id, None, most=_LISTED + 1)
        if not others:
            raise HttpError(404, "no prediction has this request_id")
        if given.index is None:
            raise HttpError(422, "the request had several rows: name one by its index, counted from 0")
        places = ", ".join(str(one.row) for one in others[:_LISTED]) + (", …" if len(others) > _LISTED else "")
        raise HttpError(404, f"the request has no prediction at index {given.index}; it has some at {places}")

    def _accepted(self, label: Any, found: Answered) -> Scalar:
        loaded = [(version.version, version.model.signature.output.classes) for version in self._follower.loaded()]
        own = next((classes for name, classes in loaded if name == found.version), None)
        answer = json.loads(found.answer)
        classes = classes_of(answer, own, [name for _, classes in loaded for name in classes or ()])
        if classes is not None and not classes:
            raise HttpError(503, f"not ready: {self._follower.why_not_ready}", headers=RETRY)
        try:
            return accepted(label, classes)
        except Refusal as refusal:
            raise HttpError(422, str(refusal)) from refusal


def read(content: bytes) -> GivenLabel:
    """Return what a body states. Raises HttpError: 400 unless it is strict JSON of exactly this form."""
    body = parse(content)
    if not isinstance(body, dict):
        raise HttpError(400, f"the body must be a JSON object of the form {_FORM}")
    extra = sorted(set(body) - {"request_id", "index", "label"})
    missing = [key for key in ("request_id", "label") if key not in body]
    if extra or missing:
        wrong = f"it has the unknown keys {extra[:5]}" if extra else f"the key {missing[0]!r} is missing"
        raise HttpError(400, f"the body must be of the form {_FORM}, where index may be left out; {wrong}")
    request_id, index = body["request_id"], body.get("index")
    if not isinstance(request_id, str):
        raise HttpError(400, f'"request_id" must be the string that a prediction came with, not {kind_of(request_id)}')
    if index is not None and (isinstance(index, bool) or not isinstance(index, int)):
        raise HttpError(400, f'"index" must be a whole number, counted from 0, not {kind_of(index)}')
    if index is not None and not 0 <= index <= _LARGEST_INDEX:
        raise HttpError(404, "no request has a row at this index; they are counted from 0")
    return GivenLabel(request_id, index, body["label"])
