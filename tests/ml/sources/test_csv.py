"""Delimited text files."""

import csv
import gzip
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ml.io.text.file import HEAD_BYTES
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.values.columns import as_numbers, is_text
from ml.values.text import normal
from schemas.errors import ContentError
from schemas.reading import Marks


def source(folder: Path, content: bytes, name: str = "houses.csv", **options: Any) -> CsvSource:
    path = folder / name
    path.write_bytes(content)
    return CsvSource(CsvParams.model_validate({"path": str(path), **options}))


def read(folder: Path, text: str, **options: Any) -> pd.DataFrame:
    return source(folder, text.encode(), **options).read()


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6))
def test_what_python_writes_is_read_back_cell_by_cell(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writerows([("a b", "Fläche", "c"), *rows, ("x", "y", "z")])
    frame = read(tmp_path, written.getvalue(), missing=[], separator=",")
    assert len(frame) == len(rows) + 1
    for position, column in enumerate(frame):
        if frame[column].dtype == "str":
            found = ["" if pd.isna(value) else value for value in frame[column]][:-1]
            assert [normal(cell) for cell in found] == [normal(row[position]) for row in rows]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
@example(b"\t")
@example(b"\x01\n\t")
@example(b"\n \t\n")
@example(b"#\t\x0b")
def test_any_bytes_are_either_read_or_refused_with_a_message(tmp_path: Path, content: bytes) -> None:
    table = source(tmp_path, content)
    faults = table.preflight()
    try:
        frame = table.read()
    except ContentError as error:
        assert "houses.csv" in str(error)
    else:
        assert not faults and len(frame)


def test_types_are_read_off_all_values(tmp_path: Path) -> None:
    frame = read(
        tmp_path,
        "whole,gaps,number,flag,zip,long,text,none\n"
        "1,1,1.5,true,01234,12345678901234567890,x,\n"
        "-2,NA,1e3,FALSE,00001,1,n/a,\n",
    )
    assert frame.dtypes.astype(str).to_dict() == {
        "whole": "int64", "gaps": "Int64", "number": "float64", "flag": "bool",
        "zip": "str", "long": "str", "text": "str", "none": "float64",
    }  # fmt: skip
    assert frame["long"][0] == "12345678901234567890"
    assert frame["zip"].tolist() == ["01234", "00001"]
    assert frame["text"].isna().tolist() == [False, True]


def test_one_word_among_numbers_leaves_the_column_as_text(tmp_path: Path) -> None:
    assert read(tmp_path, "a\n1\n2\nunknown\n")["a"].tolist() == ["1", "2", "unknown"]


def test_semicolons_and_decimal_commas_are_found(tmp_path: Path) -> None:
    frame = read(tmp_path, "Fläche m²;rooms;note\n81,5;3;a,b\n70;2;c\n")
    assert frame["Fläche m²"].tolist() == [81.5, 70.0]
    assert frame["rooms"].tolist() == [3, 2]
    assert frame["note"].tolist() == ["a,b", "c"]


def test_thousands_are_read_where_they_are_declared(tmp_path: Path) -> None:
    frame = read(tmp_path, "a;b\n1.234.567,5;12\n1,5;1.000\n", thousands=".", decimal=",")
    assert frame["a"].tolist() == [1234567.5, 1.5]
    assert frame["b"].tolist() == [12, 1000]


PATTERN = [f"{value:,}" for value in range(100, 9000, 370)]


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("a|b", ["4,098|1", "950|2"], {"a": [4098, 950]}),
        ("a|b", ["1,234,567|1", "9,500|2"], {"a": [1234567, 9500]}),
        ("a|b", ["1,234.5|1", "9,500|2"], {"a": [1234.5, 9500.0]}),
        ("a|b", ["4,098|1.5", "5,950|2"], {"a": [4098, 5950], "b": [1.5, 2.0]}),
        ("a|b", ["4,098|1,5", "5,950|2"], {"a": [4.098, 5.95], "b": [1.5, 2.0]}),
        ("a|b", ["0,123|3.132", "4,095|950"], {"a": [0.123, 4.095], "b": [3132, 950]}),
        ("gehalt|quote", ["3.132|4,213", "950|1,111"], {"gehalt": [3132, 950], "quote": [4.213, 1.111]}),
        ("a|b", ["-4,098|1", "-950|2"], {"a": [-4098, -950]}),
        ("a|b", ["4.098|1", "5.12|2"], {"a": [4.098, 5.12]}),
        ("a|b", ["01.050|1,5", "24.120|2,5"], {"a": ["01.050", "24.120"], "b": [1.5, 2.5]}),
    ],
)
def test_the_whole_file_decides_between_decimals_and_thousands(
    tmp_path: Path, header: str, rows: list[str], expected: dict[str, list[object]]
) -> None:
    frame = read(tmp_path, "\n".join([header, *rows]) + "\n")
    assert {name: frame[name].tolist() for name in expected} == expected


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("salary|b", ["4,098|1", "5,123|2"], "'salary' .'4,098'..*data.thousands: \",\".*data.decimal: \",\""),
        ("salary|b", ["4.098|1", "5.123|2"], 'data.thousands: "\\.".*data.decimal: "\\."'),
        ("salary|b", ["4,098|1", "12000|2"], "two ways"),
        ("a|b", ["4,098|1.234", "5,123|2.345"], "'a' .*'b' .*data.decimal: \"\\.\" or data.decimal: \",\""),
        ("a|b", ["5|1"] + [f"{i},{i:03d}|1" for i in range(101, 190) if i % 10], "two ways"),
        ("version|quote", ["3.7|4,21", "3.8|1,5"], "'version' .'3.7'.*'quote' .'4,21'.*data.decimal"),
        ("version|gehalt", ["3.7|3.132", "3.8|950"], "'version' .*'gehalt' .'3.132'"),
    ],
)
def test_numbers_that_a_person_must_decide_on_are_refused_with_columns_and_keys(
    tmp_path: Path, header: str, rows: list[str], words: str
) -> None:
    text = "\n".join([header, *rows]) + "\n"
    with pytest.raises(ContentError, match=words):
        read(tmp_path, text)
    assert len(read(tmp_path, text, decimal=",")) == len(read(tmp_path, text, decimal=".")) == len(rows)


def test_a_declaration_decides_what_the_file_leaves_open(tmp_path: Path) -> None:
    text = "salary;b\n4,098;1\n5,123;2\n"
    assert read(tmp_path, text, thousands=",")["salary"].tolist() == [4098, 5123]
    assert read(tmp_path, text, decimal=",")["salary"].tolist() == [4.098, 5.123]
    assert read(tmp_path, text, decimal=".")["salary"].tolist() == [4098, 5123]
    assert read(tmp_path, "a;b\n1 234,5;4,098\n2 000;2\n", thousands=" ").to_dict("list") == {
        "a": [1234.5, 2000.0],
        "b": [4.098, 2.0],
    }


def test_numbers_among_words_stay_text_and_the_files_marks_say_what_they_are(tmp_path: Path) -> None:
    text = "a;b\n" + "".join(f"{number};0,5\n" for number in [*PATTERN, "unknown"])
    path = tmp_path / "marks.csv"
    path.write_text(text.replace(",", "\0").replace("0\0", "0,").replace("\0", "."), encoding="utf-8")
    frame, written = CsvSource(CsvParams(path=str(path))).read_as_written({})
    assert written.text is not None and written.text.marks == Marks(",", ".")
    assert is_text(frame["a"]) and frame["a"].iloc[-1] == "unknown"
    numbers = as_numbers(frame["a"], written.text.marks)
    assert numbers[:-1].tolist() == list(range(100, 9000, 370)) and np.isnan(numbers[-1])


def test_comment_lines_are_skipped_where_they_are_declared(tmp_path: Path) -> None:
    text = '# exported\r\nx,y\r\n1,"a\r\n# kept"\r\n# an odd "\r\n2,b\r\n# end'
    table = source(tmp_path, text.encode(), comment="#")
    assert table.preflight() == [] and table.header() == ["x", "y"]
    assert table.read()["x"].tolist() == [1, 2]
    assert "# kept" in table.read()["y"][0]
    assert read(tmp_path, "#id,b\n1,2\n").columns.tolist() == ["#id", "b"]
    assert [fault.path for fault in source(tmp_path, b"a\n1\n", comment="##").preflight()] == ["comment"]


def test_blanks_before_a_name_change_no_cell(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(
        source(tmp_path, b"\n  \n id ,b\n007,1.10\n").read(), source(tmp_path, b"id,b\n007,1.10\n").read()
    )


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"\xef\xbb\xbfgr\xc3\xbcn,b\n1,2\n", {}),
        ("grün,b\n1,2\n".encode("utf-16"), {}),
        ("grün,b\n1,2\n".encode("latin-1"), {"encoding": "latin-1"}),
        (" grün ,b\r\n1,2\r\n".encode(), {}),
    ],
)
def test_byte_order_marks_and_encodings_leave_no_trace_in_names(
    tmp_path: Path, content: bytes, options: dict[str, Any]
) -> None:
    table = source(tmp_path, content, **options)
    assert table.preflight() == []
    assert table.header() == list(table.read().columns) == ["grün", "b"]


def test_a_compressed_file_is_read_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n1,2\n")
    assert source(tmp_path, packed, "x.csv.gz").read().to_dict("list") == {"a": [1], "b": [2]}
    assert "cut off or damaged" in source(tmp_path, packed[:-9], "x.csv.gz").preflight()[0].message
    assert "cannot be" in source(tmp_path, b"PK\x03\x04 no zip", "x.zip").preflight()[0].message


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        (b"", "path", "is empty"),
        (b" \n\n", "path", "is empty"),
        (b"a,b\n", "path", "header but no rows"),
        (b"a,b", "path", "header but no rows"),
        (b"a,b,a\n1,2,3\n", "path", "'a' in columns 1 and 3"),
        ("grün\n1\n".encode("latin-1"), "encoding", "byte 0xfc"),
        ("a,b\n1,2\n".encode("utf-16-le"), "encoding", "declare data.encoding: utf-16-le"),
        ("a,b\n1,2\n".encode("utf-16-be"), "encoding", "declare data.encoding: utf-16-be"),
        (b"# exported 2024\nx,y\n1,2\n", "comment", 'declare data.comment: "#"'),
        (b"# exported, by me\n# twice\nx;y;z\n1;2;3\n", "comment", 'declare data.comment: "#"'),
    ],
)
def test_preflight_says_what_is_wrong_and_reading_says_the_same(
    tmp_path: Path, content: bytes, path: str, words: str
) -> None:
    table = source(tmp_path, content)
    (fault,) = table.preflight()
    assert fault.path == path
    assert words in fault.message
    with pytest.raises(ContentError, match=words):
        table.read()


@pytest.mark.parametrize("url", ["{}/absent.csv", "{}", "nosuch://a.csv", "s3://"])
def test_what_cannot_be_opened_is_a_fault_and_has_no_fingerprint(tmp_path: Path, url: str) -> None:
    table = CsvSource(CsvParams(path=url.format(tmp_path)))
    assert [fault.path for fault in table.preflight()] == ["path"]
    assert table.header() is None


def test_impossible_options_are_faults(tmp_path: Path) -> None:
    table = source(tmp_path, b"a,b\n1,2\n", separator=";;", decimal=",", thousands=",")
    assert [fault.path for fault in table.preflight()] == ["separator", "thousands"]
    assert table.header() is None
    with pytest.raises(ContentError, match="one character"):
        table.read()


def test_ragged_rows_are_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"2 columns, but row 2 has 1 .*row 4 has 3"):
        read(tmp_path, "a,b\n1\n1,2\n1,2,3\n")


def test_a_row_that_is_ragged_far_down_is_found_too(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * (HEAD_BYTES // 4 + 10) + "1,2,3\n"
    table = source(tmp_path, text.encode())
    assert table.preflight() == []
    with pytest.raises(ContentError, match=f"row {HEAD_BYTES // 4 + 12} has 3"):
        table.read()


def test_a_column_without_a_name_gets_one(tmp_path: Path) -> None:
    assert list(read(tmp_path, ",a\n0,1\n").columns) == ["column 1", "a"]


def test_quoted_separators_and_line_ends_belong_to_the_cell(tmp_path: Path) -> None:
    assert read(tmp_path, 'a,b\n"x, y","1\n2"\n').iloc[0].tolist() == ["x, y", "1\n2"]


def test_infinite_numbers_stay_infinite(tmp_path: Path) -> None:
    assert np.isinf(read(tmp_path, "a\n1.5\ninf\n1e999\n")["a"]).sum() == 2


def test_the_label_is_the_name_and_the_fingerprint_moves_with_the_file(tmp_path: Path) -> None:
    table = source(tmp_path, b"a,b\n1,2\n", "houses.2024.csv.gz")
    before = table.fingerprint()
    assert table.label == "houses"
    assert before == table.fingerprint()
    os.utime(tmp_path / "houses.2024.csv.gz", (1, 1))
    assert table.fingerprint() != before


def test_a_file_under_a_url_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    table = CsvSource(CsvParams(path=f"file://{tmp_path}/x.csv"))
    assert table.read().to_dict("list") == {"a": [1], "b": [2]}
    assert table.fingerprint()
