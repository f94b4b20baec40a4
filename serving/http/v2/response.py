"""The answer to an inference request: JSON, and behind it the bytes of the tensors that are wanted so."""

from typing import Any

import numpy as np
from pydantic_core import to_json

from serving.http.answering import Answered
from serving.http.errors import HttpError
from serving.http.post import Sent
from serving.http.security import ANSWER
from serving.http.v2.datatypes import BYTES, to_wire
from serving.http.v2.outputs import Abstained, Done, Output, Values

HEADER = b"inference-header-content-length"
"""How many bytes of a body are JSON; the rest are those of binary tensors."""
JSON, BINARY = "application/json", "application/octet-stream"
_JSON, _BINARY = (((b"content-type", media.encode()), *ANSWER) for media in (JSON, BINARY))
_LENGTH = 4  # bytes before each text


def response(model: str, answered: Answered, name: str | None, wanted: list[tuple[Output, bool]]) -> Sent:
    """Return the answer.

    Args:
        model: The model's name.
        answered: What was predicted.
        name: The client's id of the request, None where it has none.
        wanted: The outputs, each with whether as bytes.
    """
    parts: list[bytes] = []
    content: dict[str, Any] = {
        "model_name": model,
        "model_version": answered.version.version,
        "id": answered.request_id if name is None else name,
        "parameters": {"request_id": answered.request_id, **_flags(answered)},
        "outputs": [_output(one, answered, parts, is_binary=is_binary) for one, is_binary in wanted],
    }
    text = to_json(content, inf_nan_mode="null")
    if not any(is_binary for _, is_binary in wanted):
        return Sent(text, _JSON)
    return Sent(b"".join([text, *parts]), (*_BINARY, (HEADER, b"%d" % len(text))))


def _flags(answered: Answered) -> dict[str, str]:
    """Return what is to be told of rows, by their places, as JSON: a parameter of the protocol is no object."""
    return {} if answered.done.flags is None else {"flags": answered.done.flags}


def _output(one: Output, answered: Answered, parts: list[bytes], *, is_binary: bool) -> dict[str, Any]:
    """Return one tensor; its bytes, where it is wanted so, are put behind `parts`."""
    values, rows = _values(one, answered), answered.done.rows.count
    head: dict[str, Any] = {"name": one.name, "datatype": one.datatype, "shape": [rows, *one.axes]}
    if not is_binary:
        return head | {"data": values.ravel().tolist() if isinstance(values, np.ndarray) else values}
    parts.append(_bytes(one, values))
    return head | {"parameters": {"binary_data_size": len(parts[-1])}}


def _values(one: Output, answered: Answered) -> Values:
    try:
        return one.values(Done(answered.done.predicted, answered.done.needs_review))
    except Abstained:
        text = "the model abstains, which a label that is a number cannot say; ask /predict"
        raise HttpError(422, text) from None


def _bytes(one: Output, values: Values) -> bytes:
    if one.datatype != BYTES:
        return to_wire(one.datatype, np.asarray(values))
    texts = [str(text).encode() for text in values]
    return b"".join(len(text).to_bytes(_LENGTH, "little") + text for text in texts)
