"""The body of a predict request, read strictly."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.http.body import parse
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


NUMBERS = ("0", "-0", "-0.0", "1", "1.5", "1e3", "1E+400", "1e-400", "0.1", "123456789012345678901234567890")
PIECES = (
    *NUMBERS,
    "01",
    "+1",
    ".5",
    "1.",
    "0x1",
    "NaN",
    "Infinity",
    "null",
    "true",
    '"a"',
    '":"',
    '"\\u00e9"',
    "[1]",
    "{}",
)
OTHERS = ('"\\ud800"', '"\x01"', '{"a":1}', '{"a":1,"a":2}', "", '"', "[[]]", "1 1", '"a":1,"b"')


def strictly(body: bytes) -> Any:
    try:
        return repr(parse(body))
    except HttpError as error:
        return error.message


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(PIECES + OTHERS)), max_size=3), min_size=1))
def test_what_is_read_quickly_is_what_is_read_strictly(rows: list[list[tuple[str, str]]]) -> None:
    written = ",".join("{" + ",".join(f'"{name}":{value}' for name, value in row) + "}" for row in rows)
    body = f'{{"instances": [{written}]}}'.encode()
    try:
        found = repr({"instances": instances(body, 10_000, 5)[0]})
    except HttpError as error:
        found = error.message
    assert found == strictly(body)


@pytest.mark.parametrize("row", ["[1]", '"ab"', "7", "null", '{"a":1},["b"]'])
def test_rows_that_are_none_make_up_for_no_key_that_stands_twice(row: str) -> None:
    body = f'{{"instances": [{row}, {{"a": 1, "a": 2}}]}}'.encode()
    assert "stands twice" in refused(body)[1]


def test_colons_in_values_make_up_for_no_key_that_stands_twice() -> None:
    assert instances(b'{"instances": [{"a": "09:30:00", "b:c": 1}]}', 9, 2)[0] == [{"a": "09:30:00", "b:c": 1}]
    for value in (rb'"\u003a"', b'":"', b'"::"'):
        assert "stands twice" in refused(b'{"instances": [{"a": 1, "a": 2, "b": ' + value + b"}]}")[1]
