"""Requests with arrays are read row by row, and mean what they would mean if they were read whole."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.signature import Input, Output, Signature, TensorDerivation
from serving.http.errors import HttpError
from serving.http.instances import instances
from serving.http.row_reader import OversizedRow, RowReader

SIGNATURE = Signature(
    inputs=[Input(name="grid", type="tensor", shape=[2, 2], dtype="float32"), Input(name="name", type="category")],
    derivations=[TensorDerivation(column="grid", shape=[2, 2], dtype="float32")],
    features=[],
    output=Output(task="regression", target="y"),
)
READER = RowReader(SIGNATURE)
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ODD = (
    ' {"instances":[',
    "]}",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"',
    "\\",
    "1",
    "null",
    '{"grid":[[1,2],[3,4]]}',
    " ",
    "é",
)


def whole(body: bytes, most: int = 100) -> Any:
    try:
        return instances(body, most, 2)
    except HttpError as error:
        return error.status


def row_by_row(body: bytes, most: int = 100) -> Any:
    said: dict[str, bool] = {}
    try:
        return list(READER.rows(body, most, said)), said.get("explain", False)
    except HttpError as error:
        return error.status


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, max_size=4), st.sampled_from([None, 1]), st.booleans())
@example([["a" * 10_000], "b,[{" * 10_000], None, True)
@example([10**4_000], None, True)
def test_rows_are_what_they_are_when_the_body_is_read_whole(rows: Any, indent: int | None, escaped: bool) -> None:
    body = json.dumps({"instances": rows}, indent=indent, ensure_ascii=escaped).encode(errors="surrogatepass")
    assert row_by_row(body) == whole(body)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(ODD), max_size=12).map("".join))
def test_what_is_no_request_is_refused_as_it_is_when_the_body_is_read_whole(text: str) -> None:
    for body in (text.encode(), f'{{"instances":[{text}]}}'.encode()):
        assert row_by_row(body) == whole(body)


@pytest.mark.parametrize(
    "said", ["true", "false", "1", "null", '"true"', "[]", "tru", "", "true, ", 'true, "explain": true']
)
def test_whether_to_explain_is_read_alike_before_and_behind_the_rows(said: str) -> None:
    rows = '"instances": [{"grid": [[1, 2], [3, 4]]}, 3]'
    for body in (f'{{"explain": {said}, {rows}}}', f'{{{rows}, "explain": {said}}}', f'{{"explain": {said}}}'):
        assert row_by_row(body.encode()) == whole(body.encode())


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        ("", 400, "empty"),
        ("[]", 400, "instances"),
        ('{"instances": 3}', 400, "must be a list of rows"),
        ('{"rows": []}', 400, "unknown keys"),
        ('{"instances": [], "more": 1}', 400, "unknown keys ['more']"),
        ('{"instances": []}', 422, "there is no row"),
        ('{"instances": [{"grid": [[1, 2}]}', 400, "not JSON"),
        ('{"instances": [{"a": 1, "a": 2}]}', 400, "stands twice"),
        ('{"instances": [{}], "instances": [{}]}', 400, "stands twice"),
        ('{"instances": [{}{}]}', 400, ""),
        ('{"instances": [{},]}', 400, ""),
        ('{"instances": [{}]} x', 400, ""),
        ('{"instances": [{"a": "\\ud800 \\x"}]}', 400, ""),
    ],
)
def test_what_is_wrong_with_a_body_is_said(body: str, status: int, what: str) -> None:
    with pytest.raises(HttpError) as caught:
        list(READER.rows(body.encode(), 10, {}))
    assert caught.value.status == status and what in str(caught.value)


def test_more_rows_than_are_taken_are_not_read() -> None:
    rows = READER.rows(b'{"instances": [{}, {}, {}, this is never looked at', 2, {})
    assert [next(rows), next(rows)] == [{}, {}]
    with pytest.raises(HttpError) as caught:
        next(rows)
    assert caught.value.status == 413 and "deploy.max_rows" in str(caught.value)


def test_numbers_that_json_has_not_are_left_to_the_check_of_their_row() -> None:
    body = b'{"instances": [{"grid": [[NaN, 1], [2, -Infinity]]}]}'
    (row,) = READER.rows(body, 1, {})
    assert row["grid"][0][0] != row["grid"][0][0] and row["grid"][1][1] == float("-inf")


def test_a_row_of_very_many_lists_never_becomes_objects() -> None:
    body = b'{"instances": [{"grid": [' + b",".join([b"[]"] * 2_000_000) + b"]}, {}]}"
    first, second = READER.rows(body, 2, {})
    assert isinstance(first, OversizedRow) and second == {}


@pytest.mark.untraced
@pytest.mark.parametrize(
    "row",
    [
        b'{"grid": [' + b",".join([b"[1.5,2.5]"] * 300_000) + b"]}",
        b'{"grid": [[' + b"1.5," * 2_000_000 + b"1]]}",
        b"[" + b"1.5," * 2_000_000 + b"1]",
        b"{" + b",".join(b'"%d":1' % number for number in range(200_000)) + b"}",
    ],
    ids=["lists", "numbers", "a list for a row", "keys"],
)
def test_a_row_of_far_more_than_its_inputs_never_becomes_objects(row: bytes) -> None:
    (found,) = READER.rows(b'{"instances": [' + row + b"]}", 1, {})
    assert isinstance(found, OversizedRow)


@pytest.mark.parametrize("mark", [b",", b"[", b"{", b"{[,]}", b'\\"[{,'])
def test_marks_within_text_are_no_numbers_and_no_lists(mark: bytes) -> None:
    (row,) = READER.rows(b'{"instances": [{"name": "' + mark * 100_000 + b'", "grid": [[1, 2], [3, 4]]}]}', 1, {})
    assert row["grid"] == [[1, 2], [3, 4]] and len(row["name"]) >= 100_000


def test_text_of_escaped_quotes_is_read_once() -> None:
    text = b'\\"' * 1_000_000
    (row,) = READER.rows(b'{"instances": [{"name": "' + text + b'"}]}', 1, {})
    assert row == {"name": '"' * 1_000_000}


@pytest.mark.untraced
def test_what_stands_at_explain_is_read_no_further_than_a_flag_is_long() -> None:
    with pytest.raises(HttpError) as caught:
        list(READER.rows(b'{"explain": [' + b"[]," * 1_000_000 + b'[]], "instances": [{}]}', 1, {}))
    assert caught.value.status == 400
