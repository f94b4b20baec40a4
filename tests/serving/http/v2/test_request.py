"""The JSON of an inference request, and whose the bytes behind it are: read strictly, also where they lie."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.http.errors import HttpError
from serving.http.v2.request import InferRequest, Requests

TENSOR: dict[str, Any] = {"name": "size", "shape": [2], "datatype": "FP64", "data": [1.0, 2.0]}
BINARY: dict[str, Any] = {"name": "size", "shape": [2], "datatype": "FP64", "parameters": {"binary_data_size": 16}}


def read(content: Any, rest: bytes | None = None) -> InferRequest:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Requests().read(text + (rest or b""), None if rest is None else len(text))[0]


def refused(content: Any, rest: bytes | None = None) -> str:
    with pytest.raises(HttpError) as caught:
        read(content, rest)
    assert caught.value.status == 400
    return caught.value.message


def test_what_is_asked_is_read() -> None:
    asked = read(
        {
            "id": "a",
            "model_name": "house",
            "inputs": [TENSOR],
            "parameters": {"binary_data_output": True, "priority": 3},
            "outputs": [{"name": "label", "parameters": {"binary_data": False}}, {"name": "needs_review"}],
        }
    )
    assert (asked.id, asked.rows, asked.is_binary, asked.size) == ("a", 2, True, 0)
    assert asked.wanted == [("label", False), ("needs_review", True)]
    assert read({"inputs": [TENSOR], "outputs": []}).wanted is None and read({"inputs": [TENSOR]}).id is None


def test_each_tensor_has_its_bytes_and_json_that_was_seen_is_not_read_again() -> None:
    requests = Requests()
    mixed = json.dumps({"inputs": [BINARY, TENSOR | {"name": "b"}, BINARY | {"name": "c"}]}).encode()
    found, rest = requests.read(mixed + bytes(range(32)), len(mixed))
    assert [one.data for one in found.inputs] == [slice(0, 16), [1.0, 2.0], slice(16, 32)] and found.key is None
    assert bytes(rest[found.inputs[2].data]) == bytes(range(16, 32))
    text = json.dumps({"inputs": [BINARY, BINARY | {"name": "c"}]}).encode()
    first, _ = requests.read(text + bytes(range(32)), len(text))
    assert requests.read(text + bytes(32), len(text))[0] is first
    with pytest.raises(HttpError, match="32 bytes of binary data, and 31 follow"):
        requests.read(text + bytes(31), len(text))


def test_no_more_than_a_bounded_number_of_requests_is_remembered() -> None:
    requests = Requests()
    for number in range(1000):
        text = json.dumps({"id": str(number), "inputs": [BINARY]}).encode()
        assert requests.read(text + bytes(16), len(text))[0].id == str(number)
    long = json.dumps({"inputs": [BINARY | {"parameters": {"binary_data_size": 16, "note": "x" * 70_000}}]}).encode()
    assert requests.read(long + bytes(16), len(long))[0].key is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"[]", "must be a JSON object"),
        (b'{"inputs": [{"name": "a", "name": "a", "shape": [1], "datatype": "FP64", "data": [1]}]}', "stands twice"),
        (b'{"inputs": [], "inputs": []}', "stands twice"),
        (b'{"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": [NaN]}]}', "null in JSON, and NaN in"),
        (b'{"inputs": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "nested too deeply"),
        (b'{"inputs": []}\xff', "not UTF-8"),
        ({"inputs": [TENSOR], "instances": []}, "unknown keys ['instances']"),
        ({"inputs": [TENSOR], "id": 7}, '"id" must be a string'),
        ({"inputs": [TENSOR], "id": "x" * 1_001}, '"id" must be a string'),
        ({"inputs": [TENSOR], "id": "a\ud800"}, '"id" is not Unicode text'),
        ({"inputs": []}, "at least one"),
        ({"inputs": {}}, "at least one"),
        ({"id": "a"}, "at least one"),
        ({"inputs": [[]]}, "an object with a name"),
        ({"inputs": [TENSOR | {"name": 1}]}, "an object with a name"),
        ({"inputs": [TENSOR | {"dtype": "FP64"}]}, "unknown keys ['dtype']"),
        ({"inputs": [TENSOR | {"datatype": "FP8"}]}, "must have a datatype"),
        ({"inputs": [TENSOR | {"datatype": ["FP64"]}]}, "must have a datatype"),
        ({"inputs": [TENSOR | {"shape": []}]}, "must have a shape"),
        ({"inputs": [TENSOR | {"shape": [-1]}]}, "must have a shape"),
        ({"inputs": [TENSOR | {"shape": [2.0]}]}, "must have a shape"),
        ({"inputs": [TENSOR | {"shape": [True]}]}, "must have a shape"),
        ({"inputs": [TENSOR | {"shape": [1] * 10}]}, "must have a shape"),
        ({"inputs": [TENSOR | {"shape": "2"}]}, "must have a shape"),
        ({"inputs": [TENSOR | BINARY]}, "either data or"),
        ({"inputs": [{"name": "a", "shape": [1], "datatype": "FP64"}]}, "either data or"),
        ({"inputs": [TENSOR | {"parameters": 1}]}, "parameters must be an object"),
        ({"inputs": [TENSOR | {"parameters": {"shared_memory_region": "a"}}]}, "shared memory is not supported"),
        ({"inputs": [TENSOR], "outputs": [{"name": "a", "parameters": {"classification": 2}}]}, "classification"),
        ({"inputs": [TENSOR], "outputs": "label"}, '"outputs" must be a list'),
        ({"inputs": [TENSOR], "outputs": [1]}, "an object with a name"),
        ({"inputs": [TENSOR], "outputs": [{"name": "a", "shape": [1]}]}, "unknown keys ['shape']"),
        ({"inputs": [TENSOR], "outputs": [{"name": "a"}, {"name": "a"}]}, "asked for twice"),
        ({"inputs": [TENSOR], "outputs": [{"name": "a", "parameters": {"binary_data": 1}}]}, "true or false"),
        ({"inputs": [TENSOR], "parameters": {"binary_data_output": "yes"}}, "true or false"),
    ],
)
def test_json_that_is_no_request_is_refused(content: Any, said: str) -> None:
    assert said in refused(content)


@pytest.mark.parametrize(
    ("size", "rest", "said"),
    [
        (16, b"", "16 bytes of binary data, and 0 follow"),
        (16, bytes(17), "16 bytes of binary data, and 17 follow"),
        (1 << 61, bytes(16), "bytes of binary data, and 16 follow"),
        (1 << 70, bytes(16), "a number of bytes"),
        (-1, bytes(16), "a number of bytes"),
        (16.0, bytes(16), "a number of bytes"),
        ("16", bytes(16), "a number of bytes"),
        (True, bytes(1), "a number of bytes"),
    ],
)
def test_bytes_that_are_not_as_many_as_is_said_are_refused(size: Any, rest: bytes, said: str) -> None:
    assert said in refused({"inputs": [BINARY | {"parameters": {"binary_data_size": size}}]}, rest)


@pytest.mark.parametrize("size", [16, 1 << 62])
def test_bytes_that_nothing_says_the_place_of_are_refused(size: int) -> None:
    content = {"inputs": [TENSOR, BINARY | {"name": "ignored", "parameters": {"binary_data_size": size}}]}
    assert "the header Inference-Header-Content-Length says" in refused(content)
    assert read({"inputs": [BINARY | {"shape": [2, 0], "parameters": {"binary_data_size": 0}}]}).size == 0


def test_json_that_is_said_to_be_longer_than_the_body_is_refused() -> None:
    with pytest.raises(HttpError, match="is said to have 99 bytes, and the body has 2"):
        Requests().read(b"{}", 99)
    with pytest.raises(HttpError, match="the body is empty"):
        Requests().read(b"{}", 0)


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TENSOR, "parameters"]), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["inputs", "outputs", "id", "parameters"]), JSON), st.binary(max_size=20))
def test_nothing_else_than_a_400_comes_of_anything(content: Any, rest: bytes) -> None:
    text = json.dumps(content).encode()
    for header in (None, len(text), len(text) // 2):
        try:
            Requests().read(text + rest, header)
        except HttpError as error:
            assert error.status == 400
