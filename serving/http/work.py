"""Rows to predictions: read, checked, predicted, written as JSON."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from ml.predictions.codec import Encoder, finite, is_finite
from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.predictions.predictor import Predictions
from ml.validation.actions import TooManyFlags
from ml.validation.checked import Checked
from ml.validation.row_errors import RowError
from schemas.deploy_spec import DeploySpec
from serving.http.errors import HttpError, dump
from serving.http.fault_kinds import UNKNOWN_COLUMN, kind_of_fault
from serving.http.question import Question
from serving.http.reading import GoOn, Rows
from serving.journal.insertion import Request
from serving.releases.loaded_version import Version

_TOO_MANY_FLAGS = "more values are flagged than an answer may tell of (deploy.max_answer): send fewer rows at a time"
_FEW = 4  # rows for which NumPy takes longer than Python
_SENTENCE = "the "  # how a message begins that is a sentence of its own, of the model or of a lookup


@dataclass
class Work:
    """What came of a request: its rows, and the valid ones' predictions as arrays and as the JSON of a list.

    `needs_review`: whether a person should look at each of them. `flags` is the JSON of what is to be told of rows, by
    their places, None where there is nothing.
    """

    version: Version
    encoder: Encoder
    rows: Rows
    predicted: Predictions
    answers: str
    needs_review: list[bool]
    flags: str | None = None

    @property
    def checked(self) -> Checked:
        """What validation found."""
        return self.rows.checked

    @property
    def is_plain(self) -> bool:
        """Whether `answers` is all that is to be answered."""
        return not self.rows.explain and self.flags is None and not self.checked.errors

    def texts(self) -> list[str]:
        """Return the JSON of each prediction, with what is to be told of its row."""
        texts = [to_json(record).decode() for record in self.encoder.encode(self.predicted).records]
        if self.flags is None:
            return texts
        flags = self.checked.flags
        return [
            f'{text[:-1]},"flags":{dump(flags[place])}}}' if place in flags else text
            for place, text in zip(self.checked.positions, texts, strict=True)
        ]

    def in_order(self, texts: list[str]) -> str:
        """Return the JSON of a list with an element for each row of the request, predictions as `texts`."""
        found = {position: dump({"error": error}) for position, error in self.checked.errors.items()}
        found.update(zip(self.checked.positions, texts, strict=True))
        return f"[{','.join(found[position] for position in range(self.rows.count))}]"


def work(version: Version, question: Question, spec: DeploySpec, go_on: GoOn) -> Work:
    """Read, check and predict rows: `predicted` of what `read` returns."""
    return predicted(version, read(version, question, spec, go_on), spec)


def read(version: Version, question: Question, spec: DeploySpec, go_on: GoOn) -> Rows:
    """Read and check rows.

    Args:
        version: Who predicts.
        question: The rows.
        spec: The service's limits.
        go_on: Raises HttpError where the time for the request is over.

    Raises:
        HttpError: If no row is valid.
    """

    def admit(rows: int, explain: bool) -> None:
        bytes_per_row = version.bytes_per_row + (version.explainer.bytes_per_row if explain else 0)
        if rows * bytes_per_row > spec.max_answer:
            raise HttpError(413, _too_much(rows, spec.max_answer // bytes_per_row, explain=explain))

    try:
        rows = question.read(version, admit, go_on)
    except TooManyFlags:
        raise HttpError(413, _TOO_MANY_FLAGS) from None
    if not rows.checked.positions:
        raise NoValidRow(rows.checked.errors, rows.count)
    return rows


def predicted(version: Version, rows: Rows, spec: DeploySpec) -> Work:
    """Predict the valid rows of a request; raises HttpError where the model has no finite prediction for one."""
    return finish(version, rows, version.predict(rows.checked.cells), spec)


def finish(version: Version, rows: Rows, found: Predictions, spec: DeploySpec) -> Work:
    """Return what comes of rows with their predictions. Raises HttpError if one is not finite, or it is too much."""
    checked = rows.checked
    flags = dump(checked.flags) if checked.flags else None
    if flags is not None and len(flags) + len(checked.positions) * version.bytes_per_row > spec.max_answer:
        raise NoAnswer(413, _TOO_MANY_FLAGS)
    deciding = version.model.deciding
    if len(checked.positions) > _FEW:
        if not finite(found).all():
            raise NoAnswer(422, NO_FINITE_PREDICTION)
        text, review = deciding.writer.write(found)
        return Work(version, deciding.encoder, rows, found, text, review, flags)
    encoded = deciding.encoder.encode(found)
    if not all(map(is_finite, encoded.records)):
        raise NoAnswer(422, NO_FINITE_PREDICTION)
    return Work(version, deciding.encoder, rows, found, to_json(encoded.records).decode(), encoded.needs_review, flags)


def _too_much(rows: int, most: int, *, explain: bool) -> str:
    what = f"the {'explained ' if explain else ''}answer to {rows:,} rows is too large (deploy.max_answer)"
    return f"{what}: send {most:,} at a time" if most or not explain else f"{what}: leave out explain"


class NoAnswer(HttpError):
    """A version took what was sent, and nothing that may be answered came of it."""


class NonePredicted(HttpError):
    """A request is refused for its rows: `errors` has those that break the signature, by their places."""

    errors: Mapping[int, RowError] = {}


class NoValidRow(NonePredicted):
    """No row satisfies the signature."""

    def __init__(self, errors: dict[int, RowError], count: int) -> None:
        first, before = errors[0], "" if count == 1 else f"none of the {count} rows is valid; the first: "
        super().__init__(422, f"{before}{told(first)}", column=first["column"], reason=f"{before}{reason_of(first)}")
        self.errors = errors

    def content(self) -> dict[str, Any]:
        """Add one error for each row."""
        return super().content() | {"predictions": [{"error": row} for row in self.errors.values()]}


def told(error: RowError) -> str:
    """Return what is wrong with a row; a message that is a sentence of its own follows a colon."""
    column, message = error["column"], error["message"]
    if column is None:
        return message
    return f"{column!r}{':' if message.startswith(_SENTENCE) else ''} {message}"


def reason_of(error: RowError) -> str:
    """Return the same for the log, without what was sent."""
    kind = kind_of_fault(error["message"])
    return kind if error["column"] is None or kind == UNKNOWN_COLUMN else f"{error['column']!r} {kind}"


def request_of(request_id: str, version: str, done: Work, latency: float, share: float | None) -> Request:
    """Return what the journal keeps of a request that took `latency` seconds; `share` as of `Request`."""
    positions = done.checked.positions
    return Request(
        request_id=request_id,
        time=time.time(),
        version=version,
        rows=len(positions),
        places=dump(positions) if done.checked.errors else None,
        inputs=done.rows.kept.inputs,
        numbers=done.rows.kept.numbers,
        answers=done.answers,
        for_review=sum(done.needs_review),
        latency=latency,
        share=share,
        flags=done.flags,
    )
