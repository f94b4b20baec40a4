"""Rows of numbers alone are decoded to one array: the same as the parser of all rows makes of them, or left to it."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.features.derive import Deriver
from ml.validation.rows import Validator
from schemas.deploy_spec import DeploySpec
from schemas.signature import Input, NumberDerivation, Output, Signature
from serving.http.instances import instances
from serving.http.number_rows import NumberRows
from serving.http.reading import Reader, Rows, reader
from serving.journal.inputs import rows_of

SIGNATURE = Signature(
    inputs=[
        Input(name="size", type="number"),
        Input(name="a:b", type="number", nullable=True),
        Input(name="größe", type="number", integer=True),
    ],
    derivations=[NumberDerivation(column=name) for name in ("size", "a:b", "größe")],
    features=["size", "a:b", "größe"],
    output=Output(task="regression", target="price"),
)
VALIDATOR = Validator(SIGNATURE)
MOST = 5
DECODER = NumberRows(VALIDATOR.names, VALIDATOR.nullable, MOST)
READER: Reader = reader(SIGNATURE, VALIDATOR, DeploySpec(max_rows=MOST), "digest", {})
NUMBER = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
ROW = st.fixed_dictionaries(
    {"size": NUMBER, "a:b": st.none() | NUMBER, "größe": st.integers(-(2**60), 2**60) | st.just(1.5)}
)


def read(body: bytes) -> Rows:
    return READER.read(body, lambda rows, explain: None, lambda: None)


@given(st.lists(ROW, min_size=1, max_size=MOST), st.booleans(), st.sampled_from([None, 1]))
def test_what_is_decoded_is_what_the_parser_of_all_rows_reads(
    rows: list[dict[str, Any]], ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps({"instances": rows}, ensure_ascii=ascii_only, indent=indent).encode()
    parsed, _ = instances(body, MOST, 3)
    slow, quick = VALIDATOR.check(parsed), read(body)
    assert (quick.count, quick.checked.positions, quick.checked.errors) == (len(rows), slow.positions, slow.errors)
    if slow.positions:
        deriver = Deriver(SIGNATURE)
        assert np.array_equal(deriver.matrix(quick.checked.cells), deriver.matrix(slow.cells), equal_nan=True)
        assert {name: list(column) for name, column in quick.checked.cells.items()} == {
            name: list(column) for name, column in slow.cells.items()
        }
        assert rows_of(quick.kept) == [parsed[place] for place in slow.positions]


def test_plain_rows_are_decoded() -> None:
    table = DECODER.table('{"instances": [{"größe": 1, "a:b": null, "size": 2.5}]}'.encode())
    assert table is not None and np.array_equal(table[:, 0], [2.5, np.nan, 1], equal_nan=True)


ROWS = '{"size": 1, "a:b": 2, "größe": 3}'


@pytest.mark.parametrize(
    "body",
    [
        '{"instances": [{"size": 1, "size": 1, "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": 1, "a:b": 2, "größe": 3, "größe": 4}]}',
        f'{{"instances": [{ROWS}], "instances": [{ROWS}]}}',
        f'{{"instances": [{ROWS}], "explain": true}}',
        '{"instances": [{"size": 1, "a:b": 2}]}',
        '{"instances": [{"size": null, "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": "1", "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": true, "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": NaN, "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": 1e999, "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": 01, "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": [1], "a:b": 2, "größe": 3}]}',
        '{"instances": [{"size": 9007199254740993, "a:b": 2, "größe": 3}]}',
        '{"instances": [[1, 2, 3]]}',
        '{"instances": []}',
        '{{"instances": [{}]}}'.format(", ".join([ROWS] * (MOST + 1))),
        f"[{ROWS}]",
        '{"instances": [{"a\\u003ab": 1, "size": 2, "size": 0.1, "größe": 1}]}',  # as many colons as without the fault
        "[" * 100_000,
        f'{{"instances": [{ROWS}]}} x',
        "",
    ],
)
def test_what_is_not_plainly_of_that_form_is_left_to_the_parser_of_all_rows(body: str) -> None:
    assert DECODER.table(body.encode()) is None
    assert DECODER.table(b"\xef\xbb\xbf" + body.encode()) is None


def test_bytes_that_are_no_unicode_are_left_to_it_as_well() -> None:
    assert DECODER.table(b'{"instances": [{"size": 1, "a:b": 2, "gr\xff\xc3\x9fe": 3}]}') is None
