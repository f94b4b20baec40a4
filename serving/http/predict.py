"""`POST /predict`: rows as JSON, and an answer for each."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.types import Scope

from schemas.base import Strict
from schemas.signature import Signature
from serving.http import models
from serving.http.answering import Answered
from serving.http.endpoint import Context, Reply
from serving.http.errors import dump
from serving.http.explaining import Explaining
from serving.http.json_post import REFUSALS, JsonPost
from serving.http.question import Instances
from serving.http.turn import TURN

if TYPE_CHECKING:
    from prometheus_client.core import Metric


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
    looks_up = True
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
        super().__init__(context, context.answering.places)
        self._model, self._answering = context.settings.model, context.answering
        self._heads: dict[str, str] = {}
        self._explaining = Explaining(context.pulse, self._spec.deadline)

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request with one row."""
        return {"instances": [dict(sample)]}

    def count(self, status: int, seconds: float, scope: Scope) -> None:
        """Count one request."""
        self._answering.count(status, seconds, scope)

    def told(self, scope: Scope) -> dict[str, str | int]:
        """Return what is known of who answered."""
        return self._answering.told(scope)

    def metrics(self) -> "Iterator[Metric]":
        """Yield requests by version and status, rows, and how long requests took."""
        yield from self._answering.metrics()

    async def respond(self, content: bytes, started: float, scope: Scope) -> bytes:
        """Return the response to a body that arrived at `started`. Raises HttpError."""
        question = Instances(content, self._answering.readers)
        answered: Answered = await self._answering.answer(question, started, scope)
        request_id, version, done = answered
        answers = done.answers
        if not done.is_plain:
            texts = done.texts()
            if done.rows.explain:
                if TURN in scope:
                    scope[TURN].enters_again()
                texts = await self._explaining.add(version.explainer, done.checked, done.predicted, texts, started)
            answers = done.in_order(texts)
        return f'{self._head(version.version)}{request_id}","predictions":{answers}}}'.encode()

    def _head(self, version: str) -> str:
        """Return the beginning of an answer, up to its request's id."""
        found = self._heads.get(version)
        if found is None:
            found = self._heads[version] = f'{dump({"model": self._model, "version": version})[:-1]}, "request_id": "'
        return found
