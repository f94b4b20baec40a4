"""What is exported of a journal: every prediction once, with its latest label, in three formats."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import insert

from schemas.errors import ContentError, DeploymentError
from serving.__main__ import main
from serving.journal import parquet, streamed
from serving.journal.engine import connect
from serving.journal.exploded import Predicted
from serving.journal.export import FORMS, Format, export
from serving.journal.flat import Columns
from serving.journal.insertion import add
from serving.journal.location import sqlite_url
from serving.journal.schema import labels
from serving.journal.streamed import Labelled, Span, Streamed
from serving.journal.tables import create
from tests.serving.journal.damaged import write_journal
from tests.serving.journal.requests import request

SURE = {"label": "yes", "probabilities": {"no": 0.2, "yes": 0.8}, "needs_review": False}
UNSURE = {"label": None, "probabilities": {"no": 0.5, "yes": 0.5}, "needs_review": True}


@pytest.fixture
def filled(any_journal: str) -> str:
    """A journal of three requests, five rows, a label and one that was corrected."""
    one = request("a", 2, when=1e9)._replace(
        inputs=json.dumps([{"size": 1, "town": "Ülm", "open": True}, {"size": 2.5, "town": None}]),
        answers=json.dumps([SURE, UNSURE]),
    )
    other = request("c", 1, version="2", when=3e9)._replace(inputs=json.dumps([{"grid": {"sha256": "0"}, "town": 3}]))
    with connect(any_journal).begin() as connection:
        add(connection, [one, request("b", places=[1, 4], when=2e9), other])
        rows = [("a", 0, '"no"', 2e9), ("b", 4, '"no"', 2e9), ("a", 0, '"yes"', 2.5e9)]
        names = ("request_id", "row", "label", "time")
        connection.execute(insert(labels), [dict(zip(names, row, strict=True)) for row in rows])
    return any_journal


def exported(url: str, file: Path, form: Format, span: Span | None = None) -> Any:
    written = export(url, str(file), form, span or Span(), replace=True)
    if form == "parquet":
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    elif form == "csv":
        with file.open(newline="", encoding="utf-8") as opened:
            rows = list(csv.DictReader(opened))
    else:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == written
    return rows


def test_every_prediction_is_a_typed_row_with_its_latest_label(filled: str, tmp_path: Path) -> None:
    rows = exported(filled, tmp_path / "all.parquet", "parquet")
    assert [(row["request_id"], row["row"]) for row in rows] == [("a", 0), ("a", 1), ("b", 1), ("b", 4), ("c", 0)]
    first, second = rows[:2]
    assert (first["inputs.size"], first["inputs.open"], first["label"]) == (1.0, True, "yes")
    assert first["time"].isoformat() == "2001-09-09T01:46:40+00:00" and first["label_time"].timestamp() == 2.5e9
    assert first["prediction.probabilities.yes"] == first["confidence"] == 0.8
    assert (second["prediction.label"], second["needs_review"], second["label"]) == (None, True, None)
    assert [row["inputs.town"] for row in rows] == ["Ülm", None, None, None, "3"]
    assert rows[4]["inputs.grid"] == '{"sha256": "0"}' and rows[3]["label"] == "no"


def test_the_same_rows_are_text_or_lines_of_json(filled: str, tmp_path: Path) -> None:
    rows = exported(filled, tmp_path / "all.csv", "csv")
    assert rows[0]["inputs.open"] == "true" and rows[1]["inputs.open"] == "" and rows[1]["needs_review"] == "true"
    lines = exported(filled, tmp_path / "all.jsonl", "jsonl")
    assert lines[0]["inputs"] == {"size": 1, "town": "Ülm", "open": True} and lines[0]["prediction"] == SURE
    assert [line["label"] for line in lines] == ["yes", None, None, "no", None] and lines[4]["version"] == "2"


def test_a_span_has_its_beginning_and_not_its_end(filled: str, tmp_path: Path) -> None:
    found = exported(filled, tmp_path / "x", "jsonl", Span(2e9, 3e9))
    assert [line["request_id"] for line in found] == ["b", "b"]
    assert exported(filled, tmp_path / "none.parquet", "parquet", Span(4e9)) == []


def test_pieces_are_bounded_and_what_comes_later_is_in_none(journal_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "_ROWS", 10)
    monkeypatch.setattr(streamed, "_REQUESTS", 4)
    engine = connect(journal_url)
    with engine.begin() as connection:
        add(connection, [request(str(number), 1 + number % 7) for number in range(30)])
    pieces, later = Streamed(engine, Span()), count()
    for _ in range(2):
        found = []
        for piece in pieces:
            found.append([one.predicted.request_id for one in piece])
            with engine.begin() as connection:
                add(connection, [request(f"later {next(later)}")])
        assert max(map(len, found)) <= 10 and [int(name) for piece in found for name in piece] == [
            number for number in range(30) for _ in range(1 + number % 7)
        ]


def test_a_journal_of_an_earlier_format_is_exported_as_it_is(tmp_path: Path) -> None:
    write_journal(tmp_path / "old.db", 20, old=True)
    rows = exported(sqlite_url(tmp_path / "old.db"), tmp_path / "old.parquet", "parquet")
    assert len(rows) == 20 and rows[3]["inputs.größe"] == 3 and sum(row["label"] is not None for row in rows) > 0
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        assert "requests" not in {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


@pytest.mark.parametrize(
    ("values", "kind"),
    [([1, None], "whole"), ([1, 2.5], "number"), ([True], "boolean"), ([True, 1], "text"), (["a", 1.0], "text"),
     ([None], "text"), ([2**70], "number"), ([10**400], "text"), ([0.5, 10**400], "text"), ([2.5, "a", 1], "text")],
)  # fmt: skip
def test_a_column_is_of_the_kind_of_all_its_values(values: list[Any], kind: str) -> None:
    columns = Columns()
    columns.see({"inputs.x": value} for value in values)
    assert columns.kinds["inputs.x"] == kind


VALUES = [
    2**53 + 1,
    3.5,
    -(2**63),
    2**63,
    2**64 + 1,
    10**400,
    float("inf"),
    True,
    "\ud800",
    "ü",
    None,
    [{"a": "\udfff"}],
]


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("first", VALUES, ids=range(len(VALUES)))
def test_whatever_stands_beside_whatever_else_in_a_column_is_written(first: Any, form: Format) -> None:
    pieces = [[labelled(one) for one in pair] for other in VALUES for pair in [(first, other)]]
    for piece in pieces:
        file = io.BytesIO()
        assert FORMS[form]([piece], file) == 2
        if form == "parquet":
            parquet.write([piece], file := io.BytesIO(), whole=True)
            assert [one for found in parquet.read(file) for one in found] == piece, "to the last digit"


def labelled(value: Any) -> Labelled:
    record = {"value": value, "needs_review": False}
    return Labelled(Predicted("a", 0, 1.0, "1", {"x": value}, record, None, False, 0.1), value, 1e300)


def test_a_file_is_seen_whole_or_not_at_all_and_replaced_only_when_asked(tmp_path: Path) -> None:
    url, target = sqlite_url(tmp_path / "journal.db"), tmp_path / "all.csv"
    create(url)
    with connect(url).begin() as connection:
        add(connection, [request("a"), request("b")._replace(answers="[]")])
    with pytest.raises(DeploymentError, match="serving repair journal"):
        export(url, str(target), "csv", Span())
    assert sorted(path.name for path in tmp_path.glob("*csv*")) == []
    with connect(url).begin() as connection:
        connection.exec_driver_sql("DELETE FROM requests WHERE request_id = 'b'")
    assert export(url, str(target), "csv", Span()) == 1
    with pytest.raises(ContentError, match="came into being"):
        export(url, str(target), "csv", Span())


def test_the_command_says_what_it_wrote_and_what_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    url = sqlite_url(tmp_path / "journals" / "house.db")
    create(url)
    with connect(url).begin() as connection:
        add(connection, [request("old", when=1e9), request("new", 3)])
    target = str(tmp_path / "new.jsonl")
    assert main(["export", "house", "--to", target, "--since", "24h"]) == 0
    assert capsys.readouterr().err == f"house: 3 predictions written to {target}\n"
    for words, code, said in (
        ([target], 1, "new.jsonl exists already"),
        ([str(tmp_path / "new.txt")], 1, "Which format?"),
        (["gs://bucket/new.csv"], 1, "of those only s3://bucket/name"),
        ([target, "--replace", "--until", "2030-01-01"], 0, "4 predictions"),
    ):
        assert main(["export", "house", "--to", *words]) == code
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["export", "house", "--to", target, "--since", "yesterday"])
    assert "is neither a moment" in capsys.readouterr().err
    assert main(["export", "hause", "--to", str(tmp_path / "x.csv")]) == 1
    assert "There is no journal" in capsys.readouterr().err
