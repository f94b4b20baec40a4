"""What spreadsheets write around a table."""

from pathlib import Path

import pytest

from ml.io.text.surroundings import declared_separator, header_below, without_surroundings
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from schemas.errors import ContentError

REPORT = "Report: deals;;\r\nprinted 03.01.2025;;\r\n;;\r\nsize;kind;y\r\n1,5;a;yes\r\n2,5;b;no\r\nTotal 4;;\r\n\r\n"


def source(folder: Path, text: str, **options: object) -> CsvSource:
    path = folder / "report.csv"
    path.write_text(text, encoding="utf-8-sig", newline="")
    return CsvSource(CsvParams.model_validate({"path": str(path), **options}))


def test_lines_above_and_below_are_skipped(tmp_path: Path) -> None:
    one = source(tmp_path, REPORT, skip_lines=3, skip_end=1)
    assert one.preflight() == [] and one.header() == ["size", "kind", "y"]
    assert one.read().to_dict("list") == {"size": [1.5, 2.5], "kind": ["a", "b"], "y": ["yes", "no"]}
    (chunk,) = one.chunks_as_stored(10, ["size"])
    assert chunk.cells["size"].tolist() == ["1,5", "2,5"]


def test_the_line_that_is_the_header_is_named(tmp_path: Path) -> None:
    assert (
        source(tmp_path, REPORT).header_elsewhere(["y"]) == "line 4 looks like the header: declare data.skip_lines: 3"
    )
    assert "line 4" in source(tmp_path, REPORT, skip_lines=1).header_elsewhere(["y", "kind"])
    assert source(tmp_path, REPORT).header_elsewhere(["z"]) == ""
    assert source(tmp_path, "y,a\n1,2\n").header_elsewhere(["y"]) == ""


def test_titles_of_another_width_are_explained(tmp_path: Path) -> None:
    text = "Deals of 2025\na,b,c\n1,2,3\n4,5,6\n"
    with pytest.raises(ContentError, match=r"data\.skip_lines"):
        source(tmp_path, text).read()
    assert source(tmp_path, text, skip_lines=1).read().shape == (2, 3)


@pytest.mark.parametrize("mark", [";", ",", "|", "\t"])
def test_a_line_that_names_the_separator_is_obeyed(tmp_path: Path, mark: str) -> None:
    table = mark.join("ab") + "\n" + mark.join(["1", "x y"]) + "\n" + mark.join(["2", "z"]) + "\n"
    one = source(tmp_path, f"sep={mark}\r\n{table}")
    assert one.header() == ["a", "b"] and one.read()["b"].tolist() == ["x y", "z"]


def test_a_column_named_sep_is_no_such_line(tmp_path: Path) -> None:
    assert source(tmp_path, "sep=,b\n1,2\n").header() == ["sep=", "b"]


@pytest.mark.parametrize(
    ("above", "below", "left"),
    [(0, 0, "a\nb\nc\n"), (1, 0, "b\nc\n"), (0, 1, "a\nb\n"), (1, 1, "b\n"), (9, 0, ""), (0, 9, ""), (2, 2, "")],
)
def test_more_lines_than_there_are_leave_nothing(above: int, below: int, left: str) -> None:
    assert without_surroundings("a\nb\nc\n", above, below) == left


def test_lines_end_in_three_ways() -> None:
    assert without_surroundings("a\r\nb\rc\nd", 2, 1) == "c\n"
    assert declared_separator("SEP=;\rx") == ("x", ";")
    assert header_below("t\r\n\r\na;y\r\n1;2", ["y"], ";") == 2
