"""Three decimals in a file whose cells are parted by commas."""

from pathlib import Path

import pytest

from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from schemas.errors import ContentError


def read(tmp_path: Path, text: str) -> list[float]:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return CsvSource(CsvParams(path=str(path))).read()["a"].tolist()


def test_a_point_is_a_decimal_mark_where_commas_part_the_cells(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n12.345,x\n950,y\n4.098,z\n") == [12.345, 950.0, 4.098]


def test_the_same_numbers_parted_by_semicolons_are_a_question(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"data\.(thousands|decimal)"):
        read(tmp_path, "a;b\n12.345;x\n4.098;z\n1950;y\n")
