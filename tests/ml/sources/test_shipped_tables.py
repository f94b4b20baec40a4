"""The tables that come with the repository are what their generators give, row by row."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

from examples import make_deliveries, make_pumps

EXAMPLES = Path(make_pumps.__file__).parent
LARGEST = 300_000


def stored(path: Path) -> tuple[list[str], list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        cursor = connection.execute("SELECT * FROM deliveries ORDER BY order_id")
        return [name for name, *_ in cursor.description], cursor.fetchall()


def test_the_deliveries_are_those_that_the_generator_gives(tmp_path: Path) -> None:
    make_deliveries.write(tmp_path / "again.db")
    assert stored(EXAMPLES / "deliveries.db") == stored(tmp_path / "again.db")
    names, rows = stored(EXAMPLES / "deliveries.db")
    assert names == make_deliveries.COLUMNS
    assert rows == [tuple(row) for row in make_deliveries.deliveries()[0]]
    assert (EXAMPLES / "deliveries.db").stat().st_size < LARGEST


def test_writing_the_deliveries_again_replaces_them(tmp_path: Path) -> None:
    for _ in range(2):
        make_deliveries.write(tmp_path / "twice.db")
    assert len(stored(tmp_path / "twice.db")[1]) == make_deliveries.ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["twice.db"]


def test_the_pumps_are_those_that_the_generator_gives(tmp_path: Path) -> None:
    make_pumps.write(tmp_path / "again.parquet")
    kept, again = (pd.read_parquet(path) for path in (EXAMPLES / "pumps.parquet", tmp_path / "again.parquet"))
    pd.testing.assert_frame_equal(kept, again)
    assert kept["pump_id"].nunique() == make_pumps.PUMPS and list(kept.columns) == make_pumps.COLUMNS
    assert (EXAMPLES / "pumps.parquet").stat().st_size < LARGEST
