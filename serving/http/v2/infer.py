"""`POST /v2/models/…/infer`: tensors in, tensors out, by the way that `/predict` goes."""

import math
from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

from schemas.signature import Signature
from serving.http.endpoint import Context, Reply
from serving.http.errors import HttpError
from serving.http.json_post import REFUSALS
from serving.http.models import Error
from serving.http.post import Post, Sent
from serving.http.question import ByVersion
from serving.http.v2 import models
from serving.http.v2.faults import fault
from serving.http.v2.input_forms import example, forms_of
from serving.http.v2.paths import MODELS, VERSIONS, pinned, require_model
from serving.http.v2.replies import NOT_FOUND, in_protocol
from serving.http.v2.request import Requests
from serving.http.v2.response import BINARY, HEADER, JSON, response
from serving.http.v2.tensors import Forms, Tensors
from serving.http.v2.wanted import wanted
from serving.releases.loaded_version import Version

_INLINE_VALUES = 10_000  # of an answer; more are written in a thread, so that other requests need not wait
_DIGITS = 18  # of a length; more are no number of bytes
_ANY = [{"name": "column", "shape": [1], "datatype": "FP64", "data": [1.0]}]  # before there is a version
_REFUSALS = {
    415: Reply("Neither application/json nor application/octet-stream, or compressed.", Error),
    422: Reply("A row is not valid, there is none, or one has no finite prediction.", Error),
}


class Infer(Post):
    """What predicts the rows of named tensors."""

    path = f"{MODELS}/infer"
    media = (JSON, BINARY, "")  # NVIDIA's client names none
    summary = "Predict tensors (Open Inference Protocol v2)."
    description = (
        "A tensor for each column, all of as many rows, in JSON or as bytes behind it. Where a row breaks the "
        "signature no row is predicted, and the error names all that do."
    )
    request = models.InferRequest
    headers = {HEADER.decode(): "bytes of the body that are JSON, where binary tensors follow it"}
    replies = {
        **in_protocol(REFUSALS | NOT_FOUND | _REFUSALS),
        200: Reply("A tensor for each output, in JSON or behind it.", models.InferResponse, is_also_binary=True),
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context, context.answering.places)
        self._model, self._follower, self._answering = context.settings.model, context.follower, context.answering
        self._requests = Requests()
        self._forms: ByVersion[Forms] = ByVersion(context.follower, self._form)

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a request with one row."""
        return {"inputs": _ANY if signature is None else example(forms_of(signature), sample)}

    def count(self, status: int, seconds: float, scope: Scope) -> None:
        """Count one request."""
        self._answering.count(status, seconds, scope)

    def told(self, scope: Scope) -> dict[str, str | int]:
        """Return what is known of who answered."""
        return self._answering.told(scope)

    async def answer(self, content: bytes, started: float, scope: Scope) -> Sent:
        """Return the response to a body that arrived at `started`. Raises HttpError."""
        _require_type_of_browsers(scope)
        require_model(scope, self._model)
        current = self._answering.require_ready().current
        most = None if current.model.signature.arrays else (self._spec.max_rows, current.validator.columns)
        asked = Tensors(content, _header(scope), most, self._requests, self._answering.readers, self._forms)
        answered = await self._answering.answer(asked, started, scope, pinned(scope, self._follower))
        outputs = wanted(self._forms.of(answered.version).outputs, asked.request)
        if answered.done.rows.count * sum(math.prod(one.axes) for one, _ in outputs) <= _INLINE_VALUES:
            return response(self._model, answered, asked.request.id, outputs)
        return await self._answering.aside(lambda: response(self._model, answered, asked.request.id, outputs))

    def _form(self, version: Version) -> Forms:
        return Forms(version, self._spec.max_rows, self._answering.readers.of(version).looked_up)


class InferVersion(Infer):
    """The same by one version, whatever traffic says."""

    path = f"{VERSIONS}/infer"
    summary = "Predict tensors by one version (Open Inference Protocol v2)."
    description = "It must be loaded. Traffic, canaries and shadows have no part in it."

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> None:
        """Return nothing: it is that of the model."""


def _require_type_of_browsers(scope: Scope) -> None:
    """Raise HttpError where a page in a browser names no type, which it may send anywhere without asking."""
    names = {name for name, _ in scope["headers"]}
    if b"origin" in names and b"content-type" not in names:
        raise HttpError(415, f"the content type must be {JSON} or {BINARY}, not none, in a browser")


def _header(scope: Scope) -> int | None:
    """Return how many bytes of the body are JSON, None where nothing says so. Raises HttpError."""
    found = [value for name, value in scope["headers"] if name == HEADER]
    if not found:
        return None
    if len(found) > 1 or not found[0].isdigit() or len(found[0]) > _DIGITS:
        raise fault("Inference-Header-Content-Length must be one number of bytes")
    return int(found[0])
