"""The body of a predict request, read strictly."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.http.errors import HttpError
from serving.http.instances import instances


def refused(body: bytes) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        instances(body, 10_000, 5)
    return caught.value.status, caught.value.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not JSON"),
        (b'{"instances": [{"a": NaN}]}', "NaN"),
        (b'{"instances": [{"a": -Infinity}]}', "Infinity"),
        (b'{"instances": [{"a": 1, "a": 2}]}', "twice"),
        (b'{"instances": [], "instances": []}', "twice"),
        (b'{"instances": [{"a": ' + b"9" * 5000 + b"}]}", "an integer of more than 4,300 digits"),
        (b"\xff\xfe", "UTF-8"),
        (b'\xef\xbb\xbf{"instances": [{}]}', "not JSON"),
        (b"[" * 100_000, "nested"),
        (b'{"instances":' * 100_000, "nested"),
        (b"[]", "object"),
        (b'"x"', "object"),
        (b"{}", "missing"),
        (b'{"instances": [{}], "id": "mine"}', "unknown keys ['id']"),
        (b'{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1}', "keys ['a', 'b', 'c', 'd', 'e'] and 2 more"),
        (b'{"instances": {"a": 1}}', "list"),
    ],
)
def test_a_malformed_body_is_400_and_says_what_is_wrong(body: bytes, said: str) -> None:
    status, message = refused(body)
    assert status == 400 and said in message


@pytest.mark.parametrize("number", [b"9" * 9000, b"-" + b"9" * 9000, b"[" + b"1" * 5000 + b"]"])
def test_no_words_of_a_library_answer_a_number_that_is_too_long(number: bytes) -> None:
    message = refused(b'{"instances": [{"a": ' + number + b"}]}")[1]
    assert message == "the body has an integer of more than 4,300 digits; send a shorter one"


def test_no_row_at_all_is_422() -> None:
    assert refused(b'{"instances": []}')[0] == 422


@pytest.mark.untraced
@pytest.mark.slow
@given(st.lists(st.dictionaries(st.text(), st.integers() | st.none() | st.text()), min_size=1))
def test_rows_come_out_as_they_went_in(rows: list[dict[str, Any]]) -> None:
    assert instances(json.dumps({"instances": rows}).encode(), 10_000, 5) == (rows, False)


@given(st.binary())
def test_bytes_of_any_kind_are_rows_or_a_4xx(body: bytes) -> None:
    try:
        assert isinstance(instances(body, 10_000, 5)[0], list)
    except HttpError as error:
        assert 400 <= error.status < 500
