"""An inference request: its JSON, read strictly, and which bytes behind it belong to which tensor."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pydantic_core import from_json

from ml.validation.refusal import Refusal, require_unicode
from schemas.column_types import MOST_AXES
from serving.http.body import NO_NUMBER, parse, unknown_keys
from serving.http.errors import HttpError
from serving.http.instances import check_structure
from serving.http.v2.datatypes import NAMES
from serving.http.v2.faults import fault, fault_of, quoted

Json = dict[str, Any]
_KEYS = ("id", "model_name", "model_version", "parameters", "inputs", "outputs")  # KServe's client names the model too
_INPUT = ("name", "shape", "datatype", "parameters", "data")
_SIZE, _BINARY, _ALL_BINARY = "binary_data_size", "binary_data", "binary_data_output"
_LONGEST_ID = 1_000  # characters; an answer repeats it
_NOT_HERE = {
    "shared_memory_region": "shared memory is not supported; send the data in the body",
    "classification": "the classification extension is not supported; the output probabilities has all of them",
}
_ABSENT: Any = object()
_LARGEST = 1 << 62  # bytes
_MOST_KEPT, _LONGEST_KEPT = 64, 65_536  # requests, and bytes of the JSON of one


class Given(NamedTuple):
    """One input as it was sent: `data` is what JSON has, or of a binary tensor which bytes behind the JSON are its."""

    name: str
    datatype: str
    shape: list[int]
    data: Any

    @property
    def is_binary(self) -> bool:
        """Whether the data are bytes."""
        return isinstance(self.data, slice)


class Wanted(NamedTuple):
    """One output that is asked for, and whether as bytes."""

    name: str
    is_binary: bool


@dataclass(frozen=True)
class InferRequest:
    """What the JSON of a request asks.

    `id` is the client's, `wanted` None for all outputs, then as bytes where `is_binary`. `size` is how many bytes of
    binary tensors follow. `key` tells requests apart whose JSON is the same, None where it is too long for that.
    """

    id: str | None
    inputs: list[Given]
    wanted: list[Wanted] | None
    is_binary: bool
    size: int
    key: bytes | None = None

    @property
    def rows(self) -> int:
        """How many rows the first tensor has."""
        return self.inputs[0].shape[0]


class Requests:
    """Reads requests; the JSON before binary tensors is mostly the same, and is then read once."""

    def __init__(self) -> None:
        self._known: dict[bytes, InferRequest] = {}

    def read(
        self, body: bytes, header: int | None, most: tuple[int, int] | None = None
    ) -> tuple[InferRequest, memoryview]:
        """Return what a body asks, and its bytes behind the JSON.

        Args:
            body: The body.
            header: How many bytes of it are JSON, None: all.
            most: Rows and columns that JSON may have values of; None: any number.

        Raises:
            HttpError: 400 where it is not of the protocol's form, 413 where it has far more values.
        """
        if header is None:
            return _without_bytes(_request(body, most)), memoryview(b"")
        if header > len(body):
            raise fault(f"the JSON is said to have {header} bytes, and the body has {len(body)}")
        text, rest = body[:header], memoryview(body)[header:]
        request = self._known.get(text) or self._kept(text, _request(text, most))
        if request.size != len(rest):
            raise fault(f"the tensors have {request.size} bytes of binary data, and {len(rest)} follow the JSON")
        return request, rest

    def _kept(self, text: bytes, request: InferRequest) -> InferRequest:
        if len(text) > _LONGEST_KEPT or not all(given.is_binary for given in request.inputs):
            return request
        if len(self._known) >= _MOST_KEPT:
            self._known = {}
        self._known[text] = found = replace(request, key=text)
        return found


def _without_bytes(request: InferRequest) -> InferRequest:
    """Raise HttpError where bytes are to follow JSON that, nobody having said where it ends, is the whole body."""
    if request.size:
        text = f"the tensors have {request.size} bytes of binary data, and all of the body is JSON"
        raise fault(f"{text}; the header Inference-Header-Content-Length says how many bytes of it are")
    return request


def _request(text: bytes, most: tuple[int, int] | None) -> InferRequest:
    if most is not None:
        check_structure(text, *most)
    content = _read(text)
    if not isinstance(content, dict):
        raise fault('the body must be a JSON object of the form {"inputs": [tensor, …]}')
    if wrong := unknown_keys(content, _KEYS):
        raise fault(f"{wrong}; a request has {', '.join(_KEYS)}", "a request has unknown keys")
    parameters = _parameters(content, "the request's")
    is_binary = _flag(parameters, _ALL_BINARY, default=False)
    inputs, size = _inputs(content.get("inputs"))
    return InferRequest(_id(content.get("id")), inputs, _wanted(content, is_binary=is_binary), is_binary, size)


def _read(text: bytes) -> Any:
    """Parse strictly: every key stands before a colon, so that with as many colons as keys none stands twice."""
    try:
        content = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return _strict(text)
    return content if type(content) is dict and _keys(content) == text.count(b":") else _strict(text)


def _strict(text: bytes) -> Any:
    try:
        return parse(text)
    except HttpError as error:
        if NO_NUMBER not in error.message:
            raise
        raise fault(f"{error.message}; a missing number is null in JSON, and NaN in bytes") from None


def _keys(content: Json) -> int:
    found = len(content)
    for value in content.values():
        for one in value if type(value) is list else (value,):
            if type(one) is dict:
                found += len(one)
                parameters = one.get("parameters")
                if type(parameters) is dict:
                    found += len(parameters)
    return found


def _id(found: Any) -> str | None:
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > _LONGEST_ID:
        raise fault(f'"id" must be a string of at most {_LONGEST_ID:,} characters')
    try:
        return require_unicode(found)  # as what an answer repeats has to be
    except Refusal as refusal:
        raise fault(f'"id" {refusal}') from None


def _inputs(found: Any) -> tuple[list[Given], int]:
    """Return the tensors, and how many bytes they have together."""
    if not isinstance(found, list) or not found:
        raise fault('"inputs" must be a list of tensors, at least one')
    inputs, place = [], 0
    for one in found:
        given = _input(one, place)
        inputs.append(given)
        place = given.data.stop if given.is_binary else place
    return inputs, place


def _input(one: Any, place: int) -> Given:
    """Return one tensor, whose bytes begin at `place`."""
    if type(one) is not dict or type(one.get("name")) is not str:
        raise fault('each of "inputs" must be an object with a name')
    name, datatype, shape = one["name"], one.get("datatype"), _shape(one.get("shape"))
    if wrong := unknown_keys(one, _INPUT):
        raise fault_of(name, f"is not as it must be: {wrong}; a tensor has {', '.join(_INPUT)}")
    if datatype not in NAMES:
        raise fault_of(name, f"must have a datatype, one of {', '.join(NAMES)}")
    if shape is None:
        raise fault_of(name, f"must have a shape: a list of 1 to {MOST_AXES + 1} whole numbers, none below 0")
    size, data = _parameters(one, f"{quoted(name)}: its").get(_SIZE), one.get("data", _ABSENT)
    if (size is None) == (data is _ABSENT):
        raise fault_of(name, f"must have either data or the parameter {_SIZE}")
    if size is None:
        return Given(name, datatype, shape, data)
    if type(size) is not int or not 0 <= size <= _LARGEST:
        raise fault_of(name, f"must have a number of bytes as its parameter {_SIZE}")
    return Given(name, datatype, shape, slice(place, place + size))


def _shape(found: Any) -> list[int] | None:
    """Return a shape, None for what is none."""
    if type(found) is not list or not 0 < len(found) <= MOST_AXES + 1:
        return None
    return found if all(type(length) is int and length >= 0 for length in found) else None


def _wanted(content: Json, *, is_binary: bool) -> list[Wanted] | None:
    found = content.get("outputs")
    if found is None or found == []:
        return None
    if not isinstance(found, list):
        raise fault('"outputs" must be a list of the outputs that are wanted')
    wanted: dict[str, Wanted] = {}
    for one in found:
        if type(one) is not dict or type(one.get("name")) is not str:
            raise fault('each of "outputs" must be an object with a name')
        name = one["name"]
        if wrong := unknown_keys(one, ("name", "parameters")):
            raise fault_of(name, f"is not as it must be: {wrong}; an output has name, parameters")
        if name in wanted:
            raise fault_of(name, "is asked for twice")
        parameters = _parameters(one, f"{quoted(name)}: its")
        wanted[name] = Wanted(name, _flag(parameters, _BINARY, default=is_binary))
    return list(wanted.values())


def _parameters(content: Json, whose: str) -> Json:
    """Return an object's parameters, those that mean nothing here included; not those that change what is meant."""
    found = content.get("parameters")
    if found is None:
        return {}
    if type(found) is not dict:
        raise fault(f"{whose} parameters must be an object", "parameters must be an object")
    for name, why in _NOT_HERE.items():
        if name in found:
            raise fault(why)
    return found


def _flag(parameters: Json, name: str, *, default: bool) -> bool:
    found = parameters.get(name, default)
    if type(found) is not bool:
        raise fault(f"the parameter {name} must be true or false")
    return found
