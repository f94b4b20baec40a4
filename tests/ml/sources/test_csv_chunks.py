"""A text file in chunks is the same text file: values, types, cells and faults are those of reading it whole."""

import gzip
import io
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ml.components.source import Chunk
from ml.io.arrow.frames import TEXT, frame
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from schemas.errors import ContentError
from tests.soak import count


def source(path: Path, **options: Any) -> CsvSource:
    return CsvSource(CsvParams.model_validate({"path": str(path), **options}))


def whole(one: CsvSource, known: Collection[str]) -> Chunk:
    """Return the table as reading it whole gives it, with the rule for columns that nobody asked for spelled out."""
    with one._opened() as (text, header):
        table = one._table(text, header)
        values, written = one._typed(table, header)
    cells = frame(
        {name: column.cast(TEXT) for name, column in zip(header.names, table.columns, strict=True)}, gaps=False
    )
    kept = {
        name: values[name]
        if name in known or prints_back(values[name], cells[name])
        else cells[name].where(cells[name] != "")
        for name in values
    }
    return Chunk(values, cells, pd.DataFrame(kept), written.text)


def prints_back(values: pd.Series, cells: pd.Series) -> bool:
    there = values.notna()
    if pd.api.types.is_string_dtype(values.dtype) or not there.any():
        return bool((values.astype("str").fillna("") == cells).all())
    shown = values[there].astype("object").map(lambda one: str(one).lower() if isinstance(one, bool) else str(one))
    return bool((shown == cells[there]).all())


def same(one: CsvSource, rows: int, known: Collection[str] = ()) -> None:
    """Compare both readings of a file, faults included."""
    try:
        expected = whole(one, known)
    except ContentError as error:
        with pytest.raises(ContentError) as refused:
            list(one.chunks_as_stored(rows, known))
        assert str(refused.value) == str(error)
        return
    found = list(one.chunks_as_stored(rows, known))
    assert [len(chunk.values) for chunk in found[:-1]] == [rows] * (len(found) - 1)
    for kind in ("values", "cells", "kept"):
        parts = [getattr(chunk, kind) for chunk in found]
        assert all(part.dtypes.equals(parts[0].dtypes) for part in parts)
        pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), getattr(expected, kind))
    assert {repr(chunk.text) for chunk in found} == {repr(expected.text)}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.io.text.stream._BLOCK", 9)
    monkeypatch.setattr("ml.sources.csv_chunks._BLOCK", 400)


CELL = st.one_of(
    st.integers(-2000, 2000).map(str),
    st.floats(-2e3, 2e3).map(lambda one: repr(round(one, 2))),
    st.sampled_from(
        ["", "NA", "-999", "-999.0", "1,234", "1.234", "1,5", "007", "true", "FALSE", "true", "+3", "1e3", "-0", "inf"]
    ),
    st.sampled_from(
        [
            "12345678901234567890",
            " 4 ",
            "e\u0301",
            "\u00e9",
            'say "x", y',
            "two\nlines",
            "a\r\nb",
            "# no comment",
            "\u20ac",
        ]
    ),
)
COLUMN = st.one_of(
    st.lists(CELL, min_size=12, max_size=12),
    st.lists(st.integers(-2000, 2000).map(str), min_size=12, max_size=12),
    st.lists(st.floats(-2e3, 2e3).map(repr), min_size=12, max_size=12),
    st.lists(st.sampled_from(["1", "2", "-999", "", "+3"]), min_size=12, max_size=12),
    st.lists(st.sampled_from(["true", "false", "TRUE", ""]), min_size=12, max_size=12),
    st.lists(st.sampled_from(["1,234", "12", "3,000", "7"]), min_size=12, max_size=12),
    st.lists(st.sampled_from(["", "NA"]), min_size=12, max_size=12),
    st.lists(st.sampled_from(["-999", "-999.0", ""]), min_size=12, max_size=12),
)


@settings(max_examples=count(60, 5_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    columns=st.lists(COLUMN, min_size=2, max_size=3),
    rows=st.integers(1, 13),
    form=st.sampled_from(
        [("utf-8", "auto"), ("utf-8-sig", "auto"), ("utf-16", "auto"), ("cp1252", "cp1252"), ("utf-16-le", "utf-16")]
    ),
    options=st.fixed_dictionaries(
        {},
        optional={
            "missing": st.sampled_from([[], ["NA", "-999"], ["x"]]),
            "decimal": st.sampled_from([".", ","]),
            "thousands": st.sampled_from([" ", "."]),
            "separator": st.sampled_from([";", ","]),
            "comment": st.just("#"),
            "skip_lines": st.integers(0, 3),
            "skip_end": st.integers(0, 3),
        },
    ),
    around=st.tuples(
        st.sampled_from(["", "sep=;\n", "title\r\n\r\n", "# x\n"]),
        st.sampled_from(["", "\n\n", "total;3\n", "# end", "\r\nsum\r\n \r\n"]),
    ),
    known=st.booleans(),
)
def test_chunks_are_the_whole_cut_into_pieces(
    tmp_path: Path,
    columns: list[list[str]],
    rows: int,
    form: tuple[str, str],
    options: dict[str, Any],
    around: tuple[str, str],
    known: bool,
) -> None:
    names = [f"c{place}" for place in range(len(columns))]
    text = io.StringIO()
    pd.DataFrame(dict(zip(names, columns, strict=True))).to_csv(text, sep=";", index=False, lineterminator="\r\n")
    path = tmp_path / "table.csv"
    path.write_bytes((around[0] + text.getvalue() + around[1]).encode(form[0], "replace"))
    try:
        one = source(path, encoding=form[1], **options)
        same(one, rows, names if known else ())
    except ContentError as error:
        raise AssertionError(str(error)) from error


@settings(max_examples=count(60, 5_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=120), rows=st.integers(1, 4))
@example(b"a,b\n1,2\n\xff,3\n", 2)
@example(b"a,b\n1,2\n3,4,5\n6\n", 1)
@example("a;b\n\u20ac;1\n".encode()[:-4], 1)
@example(b"a,b\n", 1)
@example(b"", 1)
def test_any_bytes_are_read_or_refused_as_a_whole_file_is(tmp_path: Path, content: bytes, rows: int) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    same(source(path), rows)


@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis", "utf-16-le", "cp1252"])
def test_a_wrong_byte_is_named_by_its_line_and_place(tmp_path: Path, encoding: str) -> None:
    text = "name,size\n" + "".join(f"row {place},{place}\n" for place in range(40))
    raw = text.encode(encoding)
    wrong = {"utf-8": b"\xff", "shift_jis": b"\xfd", "utf-16-le": b"\x00\xdc", "cp1252": b"\x81"}[encoding]
    path = tmp_path / "table.csv"
    path.write_bytes(raw[:200] + wrong + raw[200:])
    with pytest.raises(ContentError, match=r"line \d+ is not .*: byte 0x.. at position 200"):
        list(source(path, encoding=encoding).chunks_as_stored(5, ()))
    same(source(path, encoding=encoding), 5)


def test_a_ragged_row_is_named_before_any_row_is_given(tmp_path: Path) -> None:
    lines = [f'{place},"x\n{place}"' for place in range(3_000)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["a,b", *lines, "1,2,3", "4,5", "6"]) + "\n")
    with pytest.raises(ContentError, match=r"row 3002 has 3 \('1,2,3'\); row 3004 has 1 \('6'\)"):
        next(source(path).chunks_as_stored(10, ()))
    same(source(path), 1_000)


def test_a_file_that_changes_between_the_two_readings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n" * 1 + "3,4\n" * 300)
    given = source(path).chunks_as_stored(50, ())
    next(given)
    path.write_text("a,b\n" + "3,4\n" * 301)
    with pytest.raises(ContentError, match=r"table\.csv: the file was changed while it was read"):
        list(given)


def test_a_compressed_file_is_read_in_blocks_too(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,x\n" * 500))
    same(source(path), 100)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ContentError, match="cannot be decompressed"):
        list(source(path).chunks_as_stored(100, ()))
