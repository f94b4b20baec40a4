"""What a batch has done, and who may go on with it."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.batch.journalled import beginning, request_id
from ml.batch.piece import Piece, digest_of, from_bytes, to_bytes
from ml.batch.predict import predict_table
from ml.batch.work import BatchPlan, Work, work_folder, working
from ml.components.sink import Sink
from ml.components.source import Chunk
from ml.package.model import PackagedModel
from ml.predictions.predictor import Cells, Predictions
from ml.sinks.csv import CsvSink, CsvSinkParams
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from schemas.errors import ContentError
from schemas.home import ROOT
from schemas.reading import TextReading
from serving.journal.batches import JournalOfBatches
from serving.journal.batches import withdraw as withdraw_from
from serving.journal.location import sqlite_url
from serving.journal.predictions import window
from serving.journal.tables import create
from tests.serving import packages

PLAN = BatchPlan(input="a", fingerprint="size=3", version="3", piece=5, journal=False, code="c")


def nothing(_batch: str) -> None:
    raise AssertionError("nothing was in the journal")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PackagedModel:
    return PackagedModel.open(packages.write_rules(tmp_path_factory.mktemp("package") / "rules"))


class Stops(CsvSource):
    """A source that breaks off after some chunks."""

    after = 3

    def chunks_as_stored(self, rows: int, known: Collection[str]) -> Iterator[Chunk]:
        for number, chunk in enumerate(super().chunks_as_stored(rows, known)):
            if number == self.after:
                raise ContentError("the line is cut")
            yield chunk


class Counted(PackagedModel):
    """A model that counts the rows that it predicts."""

    rows = 0

    def predict(self, cells: Cells) -> Predictions:
        Counted.rows += len(next(iter(cells.values())))
        return super().predict(cells)


def table(folder: Path, rows: int = 23) -> CsvParams:
    frame = pd.DataFrame({"listing id": range(rows), "size": np.arange(rows) / 4, "city": "Bern", "rooms": "NA"})
    frame.loc[2, "size"] = 1e9
    frame["size"] = frame["size"].map("{:,.2f}".format)
    frame.to_csv(folder / "new.csv", index=False)
    return CsvParams(path=str(folder / "new.csv"), decimal=".", thousands=",")


def sink(folder: Path) -> Sink:
    return CsvSink(CsvSinkParams(path=str(folder / "out.csv")))


def run(folder: Path, model: PackagedModel, source: CsvSource, plan: BatchPlan = PLAN) -> None:
    with working(work_folder(folder / "out.csv"), plan, nothing) as work:
        predict_table(source, sink(folder), folder / "errors.csv", 5, model, "3", work)


def counted(model: PackagedModel) -> Counted:
    Counted.rows = 0
    return Counted(model.root, model.manifest, model.signature, model.runtime)


def test_a_run_that_broke_off_goes_on_after_its_last_piece(
    model: PackagedModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    params = table(tmp_path)
    with pytest.raises(ContentError, match="the line is cut"):
        run(tmp_path, model, Stops(params))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.csv.batch", "new.csv"]
    with caplog.at_level(logging.WARNING):
        run(tmp_path, counted(model), CsvSource(params))
    assert Counted.rows == 8, "the last eight of 23 rows"
    assert "goes on where an earlier run was: pieces that are done: 3" in caplog.text
    (tmp_path / "whole").mkdir()
    run(tmp_path / "whole", model, CsvSource(params))
    for name in ("out.csv", "errors.csv"):
        assert (tmp_path / name).exists() == (tmp_path / "whole" / name).exists()
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole" / "out.csv").read_bytes()
    assert not list(tmp_path.glob(".*")), "what was done goes when the output is there"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"fingerprint": "size=4"}, "its input has changed"),
        ({"version": "4"}, "another version is in production"),
        ({"piece": 6}, "batch.piece is another"),
        ({"code": "d", "input": "b"}, "its input is declared otherwise, the program is another"),
    ],
)
def test_another_batch_begins_anew_and_says_why(
    change: dict[str, object], why: str, model: PackagedModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    params = table(tmp_path)
    with pytest.raises(ContentError):
        run(tmp_path, model, Stops(params))
    with caplog.at_level(logging.WARNING):
        run(tmp_path, counted(model), CsvSource(params), PLAN.model_copy(update=change))
    assert Counted.rows == 23 and f"is given up: {why}" in caplog.text


def test_pieces_of_other_rows_and_damaged_ones_are_predicted_again(model: PackagedModel, tmp_path: Path) -> None:
    params = table(tmp_path)
    with pytest.raises(ContentError):
        run(tmp_path, model, Stops(params))
    pieces = sorted((tmp_path / ".out.csv.batch").glob("*.piece"))
    pieces[1].write_bytes(pieces[1].read_bytes()[:-40])
    pieces[2].write_bytes(pieces[0].read_bytes())
    run(tmp_path, counted(model), CsvSource(params))
    assert Counted.rows == 18


def test_a_run_that_does_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), working(work_folder(tmp_path / "out.csv"), PLAN, nothing):
        raise RuntimeError
    assert not list(tmp_path.iterdir())


HOLD = """
import sys, time
from pathlib import Path
from ml.batch.work import BatchPlan, working
plan = BatchPlan.model_validate_json(sys.argv[2])
with working(Path(sys.argv[1]), plan, print) as work:
    (work.folder / "000000.piece").write_bytes(b"")
    print("held", flush=True)
    time.sleep(600)
"""


def test_two_runs_at_once_are_one_too_many_and_a_killed_one_is_none(tmp_path: Path) -> None:
    folder = work_folder(tmp_path / "out.csv")
    command = [sys.executable, "-c", HOLD, str(folder), PLAN.model_dump_json()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        who = rf"another run writes the same output just now \(process {process.pid}\); wait until it has ended"
        with pytest.raises(ContentError, match=who), working(folder, PLAN, nothing):
            pass
        os.kill(process.pid, 9)
    with working(folder, PLAN, nothing) as work:
        assert work.pieces == 1
        work.finish()
    assert not folder.exists()


def test_a_piece_is_what_was_kept_and_of_the_same_rows_only() -> None:
    cells = pd.DataFrame({"a": ["1", "x"], "b": [None, [1, "two"]]})
    chunk = Chunk(cells, cells, cells, TextReading())
    found = Predictions(codes=np.array([1]), probabilities=np.array([[0.25, 0.75]]), level=0.8)
    piece = Piece(np.array([1]), found, {0: {"column": None, "message": "\ud800"}}, [None], [{"rows": 1}])
    back = from_bytes(to_bytes(piece, digest_of(chunk)), digest_of(chunk))
    assert back is not None and back.predictions is not None
    assert (back.positions.tolist(), back.wrong, back.told, back.requests) == ([1], piece.wrong, [None], [{"rows": 1}])
    assert back.predictions.probabilities is not None and back.predictions.probabilities.tolist() == [[0.25, 0.75]]
    assert (back.predictions.values, back.predictions.level) == (None, 0.8)
    others = [
        chunk._replace(cells=cells.assign(a=["1", "y"])),
        chunk._replace(cells=cells.assign(b=[None, [1, 2]])),
        chunk._replace(cells=cells.rename(columns={"a": "c"})),
        chunk._replace(text=TextReading(decimal=",")),
    ]
    assert len({digest_of(one) for one in [chunk, *others]}) == 5
    assert digest_of(chunk) == digest_of(chunk._replace(cells=cells.copy()))
    assert from_bytes(to_bytes(piece, "x"), "y") is None


def journalled(folder: Path, model: PackagedModel, source: CsvSource, plan: BatchPlan, url: str) -> None:
    withdraw: Callable[[str], None] = partial(withdraw_from, url)
    with working(work_folder(folder / "out.csv"), plan, withdraw) as work:
        journal = JournalOfBatches(url, model.signature, "3", "digest")
        predict_table(source, sink(folder), folder / "errors.csv", 5, model, "3", work, journal)


def test_the_journal_has_what_a_client_would_have_sent(model: PackagedModel, tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "journal.db")
    create(url)
    journalled(tmp_path, model, CsvSource(table(tmp_path)), PLAN.model_copy(update={"journal": True}), url)
    found, output = window(url), pd.read_csv(tmp_path / "out.csv")
    assert found.inputs[0] == {"size": 0.0, "city": "Bern", "rooms": None}
    assert found.inputs[2] == {"size": 1e9, "city": "Bern", "rooms": None}
    assert found.request_ids == output["request_id"].tolist() and found.rows == output["request_row"].tolist()
    assert set(found.versions) == {"3"} and {one["label"] for one in found.records} == {"yes"}
    assert {one[14] for one in found.request_ids} == {"8"} and len({one[:18] for one in found.request_ids}) == 1


def broken_off(folder: Path, model: PackagedModel, params: CsvParams, plan: BatchPlan, url: str) -> None:
    """Leave a batch as a kill leaves it whose rows have all gone into the journal, before that was noted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Work, "end_journal", lambda _work: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            journalled(folder, model, CsvSource(params), plan, url)
    assert len(window(url)) == 23 and not (folder / "out.csv").exists()


@pytest.mark.parametrize("change", ["another version", "other rows"])
def test_what_was_written_of_rows_that_are_given_up_is_removed(
    change: str, model: PackagedModel, tmp_path: Path
) -> None:
    url = sqlite_url(tmp_path / "journal.db")
    create(url)
    plan = PLAN.model_copy(update={"journal": True})
    broken_off(tmp_path, model, table(tmp_path), plan, url)
    if change == "another version":
        plan = plan.model_copy(update={"version": "4"})
    text = (tmp_path / "new.csv").read_text()
    (tmp_path / "new.csv").write_text(text.replace("3.25", "3.75") if change == "other rows" else text)
    journalled(tmp_path, model, CsvSource(CsvParams(path=str(tmp_path / "new.csv"), thousands=",")), plan, url)
    found, output = window(url), pd.read_csv(tmp_path / "out.csv")
    assert sorted(found.request_ids) == sorted(output["request_id"]) and len(found) == 23
    assert ([one["size"] for one in found.inputs].count(3.75), len(set(found.request_ids))) == (
        2 if change == "other rows" else 1,
        5,
    )


def test_names_of_requests_follow_from_batch_piece_and_rows() -> None:
    names = {
        request_id("0123456789abcde", digest, piece, part) for digest in "xy" for piece in (0, 1) for part in (0, 1)
    }
    assert len(names) == 8 and all(len(name) == 36 and name.startswith(beginning("0123456789abcde")) for name in names)
    assert beginning("0123456789abcde") == "01234567-89ab-8cde-"
