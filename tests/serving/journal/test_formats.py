"""What the journal keeps of a request is its rows again, whatever format they were written in."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.validation.rows import Validator
from schemas.errors import DeploymentError
from schemas.signature import CategoryDerivation, Input, NumberDerivation, Output, Signature
from serving.journal.engine import connect
from serving.journal.inputs import Kept, of_columns, of_rows, rows_of
from serving.journal.insertion import Request, add
from serving.journal.labelled import labelled
from serving.journal.labels import Label, kept_prediction, kept_rows, record
from serving.journal.location import sqlite_url
from serving.journal.predictions import count, window
from serving.journal.salvage import salvage, unreadable_rows
from serving.journal.schema import FORMAT, LATER_COLUMNS
from serving.journal.tables import create, format_of
from serving.journal.trouble import Unreadable
from tests.serving.journal.damaged import create_old, overwrite, write_journal
from tests.serving.journal.requests import ANSWER, request

VALIDATOR = Validator(
    Signature(
        inputs=[
            Input(name="size", type="number"),
            Input(name="rooms", type="number", integer=True, nullable=True),
            Input(name="town", type="category", nullable=True),
        ],
        ignored=["note"],
        derivations=[
            NumberDerivation(column="size"),
            NumberDerivation(column="rooms"),
            CategoryDerivation(column="town", categories=["Ulm"]),
        ],
        features=["size", "rooms", "town"],
        output=Output(task="regression", target="price"),
    )
)
ROW = st.fixed_dictionaries(
    {"size": st.floats(-1e30, 1e30) | st.integers(-(2**53), 2**53)},
    optional={"rooms": st.integers(0, 9) | st.none(), "town": st.sampled_from(["Ulm", "Bern", 3, None])},
)


@given(st.lists(ROW, min_size=4, max_size=8))
def test_rows_that_are_kept_by_column_are_the_rows_that_were_sent(rows: list[dict[str, Any]]) -> None:
    sent = [row | {"note": "has no effect"} for row in rows]
    kept = of_columns(sent, VALIDATOR.check(sent).cells)
    assert kept.numbers is not None and "note" not in kept.inputs
    assert rows_of(kept) == [{"size": row["size"], "rooms": None, "town": None} | row for row in rows]


def test_rows_of_a_table_without_numbers_are_kept_row_by_row() -> None:
    assert of_columns([{"a": "b"}], {"a": ["b"]}) == of_rows([{"a": "b"}]) == Kept('[{"a":"b"}]')


@pytest.mark.parametrize(
    "kept",
    [
        Kept("3"),
        Kept("[]", b""),
        Kept('{"numbers": ["a"], "others": {}}', b"1234567"),
        Kept('{"numbers": ["a"], "others": {"b": [1]}}', b"\0" * 16),
        Kept('{"numbers": ["a"]}', b"\0" * 16),
    ],
)
def test_what_was_never_written_is_not_read(kept: Kept) -> None:
    with pytest.raises(Unreadable):
        rows_of(kept)


def write(url: str, *sent: Request) -> None:
    with connect(url).begin() as connection:
        add(connection, sent)


def label(url: str, *given: tuple[str, int, str]) -> None:
    with connect(url).begin() as connection:
        record(connection, [Label(request_id, row, json.dumps(what), 1.7e9) for request_id, row, what in given])


@pytest.fixture
def grown(tmp_path: Path) -> str:
    """Return a journal of format 1, of predictions 0 to 9, that a later version took over and went on with."""
    file = tmp_path / "journal.db"
    write_journal(file, 10, old=True)
    url = sqlite_url(file)
    create(url)
    write(url, request("new", 5, when=2e9), request("beside errors", places=[1, 4], when=2e9 + 1))
    return url


def test_a_journal_of_an_earlier_format_is_read_as_it_is(tmp_path: Path) -> None:
    write_journal(tmp_path / "old.db", 100, old=True)
    url = sqlite_url(tmp_path / "old.db")
    found = window(url, rows=3)
    assert found.request_ids == [f"request-{number:06}" for number in (97, 98, 99)] and found.records[0] == ANSWER
    assert count(url) == count(url, "1") == 100 and found.inputs[2] == {"größe": 99}
    (one,) = labelled(url)
    assert (len(one.labels), one.predictions, one.handed_over) == (10, 100, 0)
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "requests" not in names, "reading changes nothing"


def test_predictions_of_both_formats_are_one_stream(grown: str) -> None:
    found = window(grown, rows=9)
    assert found.request_ids == ["request-000008", "request-000009", *["new"] * 5, *["beside errors"] * 2]
    assert found.rows == [0, 0, *range(5), 1, 4] and found.times == sorted(found.times)
    assert window(grown, rows=1).rows == [4] and len(window(grown)) == count(grown) == 17
    engine = connect(grown)
    assert kept_rows(engine, "beside errors") == [1, 4] and kept_rows(engine, "request-000007") == [0]
    assert kept_prediction(engine, "beside errors", 4) == kept_prediction(engine, "new", 0)._replace(row=4)
    assert kept_prediction(engine, "request-000007", 0).answer == ANSWER
    for nobody in ("none", "nul\0", "größe", "x" * 4_000):
        assert kept_rows(engine, nobody) == []


def test_what_an_earlier_version_went_on_with_is_in_its_place(grown: str) -> None:
    add_old = """INSERT INTO predictions (request_id, row, time, version, inputs, answer, needs_review, latency)
        SELECT 'later', 0, 3e9, '0', inputs, answer, needs_review, latency FROM predictions WHERE id = 1"""
    with connect(grown).begin() as connection:
        connection.exec_driver_sql(add_old)
    write(grown, request("last", when=4e9))
    label(grown, ("later", 0, "no"), ("beside errors", 1, "no"))
    found = window(grown, rows=4)
    assert found.request_ids == ["beside errors", "beside errors", "later", "last"]
    assert [one.version for one in labelled(grown, versions=1)] == ["0"]


def test_labels_of_both_formats_are_read_together_and_what_came_since_the_first_is_counted(grown: str) -> None:
    label(grown, ("new", 3, "no"), ("new", 3, "yes"), ("beside errors", 4, "no"))
    (one,) = labelled(grown)
    assert one.labels == ["yes", "yes", "no"] and one.predictions == 17, "the first row of format 1 has a label"
    (last,) = labelled(grown, rows=2)
    assert last.labels == ["yes", "no"] and last.predictions == 4, "rows 3 and 4 of one request, both of the other"
    assert [two.labels for two in labelled(grown, rows=1)] == [["no"]]
    assert labelled(grown, seconds=60) == []


def test_those_for_review_are_counted_from_the_first_labelled_row_on(any_journal: str) -> None:
    url = any_journal
    unsure = json.dumps([ANSWER | {"needs_review": place != 1} for place in range(4)])
    write(url, *(request(name, 4)._replace(answers=unsure, for_review=3) for name in "abc"))
    label(url, ("b", 1, "yes"), ("c", 0, "no"))
    (one,) = labelled(url)
    assert (one.predictions, one.handed_over, one.needs_review) == (7, 5, [False, True])


def test_labels_of_requests_are_recorded_corrected_and_read(any_journal: str) -> None:
    write(any_journal, request("a", 3), request("b", places=[2], version="2"))
    label(any_journal, ("a", 1, "no"), ("b", 2, "no"))
    with connect(any_journal).begin() as connection:
        again = [Label("a", 1, '"no"', 1.8e9), Label("b", 2, '"yes"', 1.8e9), Label("a", 0, '"yes"', 1.8e9)]
        assert record(connection, again) == ["known", "corrected", "recorded"]
    assert {one.version: one.labels for one in labelled(any_journal)} == {"1": ["yes", "no"], "2": ["yes"]}
    assert [one.version for one in labelled(any_journal, versions=1)] == ["2"]
    engine = connect(any_journal)
    assert kept_rows(engine, "b") == [2] and kept_prediction(engine, "b", 2) == (2, "2", ANSWER)
    assert kept_rows(engine, "a") == [0, 1, 2] and kept_prediction(engine, "a", 1).answer == ANSWER


def test_what_can_be_read_of_both_formats_is_saved(grown: str, tmp_path: Path) -> None:
    saved = salvage(tmp_path / "journal.db", tmp_path / "new.db")
    assert list(map(str, saved)) == ["2 releases saved", "10 predictions saved", "2 requests saved", "1 labels saved"]
    assert window(sqlite_url(tmp_path / "new.db")) == window(grown)


def test_a_journal_of_format_1_is_saved_as_one_of_the_present(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    write_journal(file, 10, old=True)
    assert unreadable_rows(file) == 0
    assert [str(one) for one in salvage(file, tmp_path / "new.db")][1] == "10 predictions saved"
    assert count(sqlite_url(tmp_path / "new.db")) == 10


@pytest.mark.parametrize(
    "change", ["rows = 3", "answers = '[{}]'", "inputs = '[]'", "places = '[1]'", "numbers = x'00'", "places = 'x'"]
)
def test_a_request_that_does_not_fit_together_is_told_and_counted(tmp_path: Path, change: str) -> None:
    file = tmp_path / "journal.db"
    create(sqlite_url(file))
    write(sqlite_url(file), request("a", 2), request("b", 2))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"UPDATE requests SET {change} WHERE request_id = 'a'")
        connection.commit()
    with pytest.raises(DeploymentError, match="serving repair journal"):
        window(sqlite_url(file))
    assert unreadable_rows(file) == 1


def test_a_journal_of_a_later_format_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    create(sqlite_url(file))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"UPDATE journal_format SET version = {FORMAT + 1}")
        connection.commit()
    for use in (window, create):
        with pytest.raises(DeploymentError, match=f"is of format {FORMAT + 1}, and .* knows formats 1 to {FORMAT}"):
            use(sqlite_url(file))


def test_an_earlier_journal_is_taken_over_whole(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    create_old(file)
    create(sqlite_url(file))
    write(sqlite_url(file), request("a"))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version FROM journal_format").fetchall() == [(FORMAT,)]
    assert count(sqlite_url(file)) == 1


def as_format_2(url: str) -> None:
    with connect(url).begin() as connection:
        for column in LATER_COLUMNS:
            connection.exec_driver_sql(f"ALTER TABLE {column.table.name} DROP COLUMN {column.name}")
        connection.exec_driver_sql("UPDATE journal_format SET version = 2")


def test_a_journal_of_format_2_is_read_and_gets_what_it_lacks(any_journal: str) -> None:
    write(any_journal, request("a", 2))
    as_format_2(any_journal)
    before = window(any_journal)
    create(any_journal)
    create(any_journal)
    write(any_journal, request("b")._replace(share=0.1, flags="[]"))
    with connect(any_journal).begin() as connection:
        assert format_of(connection) == FORMAT
        found = connection.exec_driver_sql(
            "SELECT request_id, share, trace, flags FROM requests ORDER BY id"
        ).fetchall()
    assert list(map(tuple, found)) == [("a", None, None, None), ("b", 0.1, None, "[]")]
    assert len(before) == 2 and window(any_journal).request_ids[:2] == before.request_ids


@pytest.mark.parametrize("page", [None, 1])
def test_what_a_damaged_journal_of_format_2_holds_is_saved(tmp_path: Path, page: int | None) -> None:
    file = tmp_path / "journal.db"
    create(sqlite_url(file))
    write(sqlite_url(file), request("a", 2))
    as_format_2(sqlite_url(file))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if page is not None:
        overwrite(file, page)
    salvage(file, tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        assert connection.execute("SELECT request_id, share, flags FROM requests").fetchall() == [("a", None, None)]


def test_a_grown_journal_without_its_first_page_keeps_what_it_began_with(grown: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(tmp_path / "journal.db", 1)
    found = salvage(tmp_path / "journal.db", tmp_path / "new.db")
    saved, told = {one.table: one.rows for one in found}, {one.table: str(one) for one in found}
    assert (saved["predictions"], saved["labels"], saved["releases"]) == (10, 1, 2)
    assert "how many there were cannot be read" in told["requests"]
