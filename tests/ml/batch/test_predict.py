"""A table predicted in chunks: equal to the service's predictions, refusing what it refuses, whole or not at all."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.batch.header import absent, header_faults, input_faults
from ml.batch.predict import predict_table
from ml.batch.rows import raw_rows
from ml.components.source import Source
from ml.package.model import PackagedModel
from ml.predictions.codec import Encoder
from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.predictions.predictor import Predictions, Predictor
from ml.predictions.table import prediction_columns
from ml.runtimes.rules import DecisionList
from ml.sinks.sql_writer import _Sending
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.validation.cell_reading import CellReading
from ml.validation.refusal import Refusal
from ml.validation.rows import Validator
from ml.validation.values import check_of
from schemas.base import Scalar
from schemas.batch import BatchRecord
from schemas.choice import Choice
from schemas.errors import ContentError
from schemas.home import ROOT
from schemas.reading import TextReading
from schemas.rules import RuleSet
from schemas.signature import Output, Signature
from steps.components import create
from tests.serving import packages

CHUNK = 7


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PackagedModel:
    return PackagedModel.open(packages.write_onnx(tmp_path_factory.mktemp("package") / "onnx"))


def rows(count: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "listing id": np.arange(count),
            "city": draw.choice(["Bern", "Genève", "Chur"], count),
            "size": draw.normal(5, 2, count).round(3),
            "note": [f'said "{number}", twice' for number in range(count)],
            "rooms": pd.array([None if number % 9 == 4 else number % 6 for number in range(count)], dtype="Int64"),
            "garden": pd.array([None if number % 5 == 2 else number % 2 == 0 for number in range(count)], "boolean"),
            "built": [None if number % 7 == 3 else f"19{50 + number % 50}-05-01" for number in range(count)],
        }
    )


def predicted(model: PackagedModel, given: Choice, output: Choice, errors: Path, chunk: int = CHUNK) -> BatchRecord:
    return predict_table(create("load", given), create("write", output), errors, chunk, model, "3")


def csv_in(folder: Path, frame: pd.DataFrame) -> Choice:
    frame.to_csv(folder / "new.csv", index=False)
    return Choice(name="csv", params={"path": str(folder / "new.csv")})


def csv_out(folder: Path) -> Choice:
    return Choice(name="csv", params={"path": str(folder / "predictions.csv")})


def parquet(folder: Path, name: str) -> Choice:
    return Choice(name="parquet", params={"path": str(folder / name)})


def sql(folder: Path, table: str) -> Choice:
    return Choice(name="sql", params={"url": f"sqlite:///{folder / 'rows.db'}", "table": table})


def as_the_service_predicts(model: PackagedModel, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Send the rows through JSON, as a client would, to what the service does with them."""
    instances = json.loads(json.dumps(raw_rows(frame, model.signature), allow_nan=False))
    checked = Validator(model.signature).check(instances)
    assert checked.errors == {}
    return model.encode(model.predict(checked.cells)).records


def test_every_row_gets_the_services_prediction_beside_its_own_columns(model: PackagedModel, tmp_path: Path) -> None:
    frame = rows(40)
    record = predicted(model, csv_in(tmp_path, frame), csv_out(tmp_path), tmp_path / "e.csv")
    back = pd.read_csv(tmp_path / "predictions.csv")
    assert (record.answered, record.refused, record.errors) == (40, 0, None)
    assert record.output == str(tmp_path / "predictions.csv")
    new = ["prediction", "probability_no", "probability_yes", "needs_review", "model_version"]
    assert list(back.columns) == [*frame.columns, *new]
    assert back["note"].tolist() == frame["note"].tolist()
    for row, expected in zip(back.to_dict("records"), as_the_service_predicts(model, frame), strict=True):
        assert row["prediction"] == expected["label"]
        assert row["needs_review"] is expected["needs_review"]
        assert row["model_version"] == 3
        for label, share in expected["probabilities"].items():
            assert row[f"probability_{label}"] == pytest.approx(share, abs=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "predictions.csv"]


AS_THEY_STAND = {
    "listing id": ["1.10", "2", "1e3", "007"],
    "when": ["1,234", "5,678", "NA", "null"],
    "flag": ["TRUE", "False", "nan", ""],
    "note": [" a ", 'said "so"', "two\nlines", ""],
    "plain": ["1", "-2", "", "NA"],
    "share": ["0.5", "1.25", "", "N/A"],
    "yes": ["true", "false", "true", ""],
    "size": ["5.00", "70e-1", "7", "oops"],
    "city": ["Bern"] * 4,
}


def as_it_stands(folder: Path) -> Choice:
    with (folder / "new.csv").open("w", newline="") as file:
        csv.writer(file).writerows([AS_THEY_STAND, *zip(*AS_THEY_STAND.values(), strict=True)])
    return Choice(name="csv", params={"path": str(folder / "new.csv"), "decimal": "."})


@pytest.mark.parametrize("chunk", [1, 9])
def test_the_cells_of_a_text_file_come_out_of_a_text_file_as_they_stand(
    chunk: int, model: PackagedModel, tmp_path: Path
) -> None:
    record = predicted(model, as_it_stands(tmp_path), csv_out(tmp_path), tmp_path / "wrong.csv", chunk)
    assert (record.answered, record.refused) == (3, 1)
    with (tmp_path / "predictions.csv").open(newline="") as file:
        back = list(csv.DictReader(file))
    for name, cells in AS_THEY_STAND.items():
        assert [row[name] for row in back] == cells[:3], name
    with (tmp_path / "wrong.csv").open(newline="") as file:
        (wrong,) = csv.DictReader(file)
    assert json.loads(wrong["content"]) == {name: cells[3] for name, cells in AS_THEY_STAND.items()}


@pytest.mark.parametrize("kind", ["parquet", "sql"])
def test_an_output_with_types_has_the_text_of_columns_that_a_type_would_change(
    kind: str, model: PackagedModel, tmp_path: Path
) -> None:
    output = {"parquet": parquet(tmp_path, "a.parquet"), "sql": sql(tmp_path, "answers")}[kind]
    predicted(model, as_it_stands(tmp_path), output, tmp_path / "wrong.csv", chunk=1)
    back = create("load", output).read()
    for name in ("listing id", "when", "flag", "note"):
        assert back[name].fillna("").tolist() == AS_THEY_STAND[name][:3], name
    assert back["plain"].dropna().tolist() == [1, -2] and back["share"].dropna().tolist() == [0.5, 1.25]
    assert back["yes"].tolist() == [1, 0, 1] and str(back["city"].dtype) == "str"


def test_a_parquet_files_own_types_come_out_of_a_parquet_file(model: PackagedModel, tmp_path: Path) -> None:
    noon = 1_704_106_800_000_000_000  # 11 o'clock in UTC, in nanoseconds
    columns = {
        "price": pa.array([Decimal("12345678901234567.10"), None]),
        "sent": pa.array([noon, None], pa.int64()).cast(pa.timestamp("ns", "Europe/Zurich")),
        "day": pa.array([date(2024, 1, 1), None]),
        "count": pa.array([7, None], pa.int16()),
        "share": pa.array([0.1, None], pa.float32()),
        "self": pa.array(np.array([0.1, 0.5], "float16")),
        "size": pa.array([Decimal("5.00"), Decimal("4.25")]),
        "city": pa.array(["Bern", "Chur"]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "new.parquet")
    for output in (parquet(tmp_path, "a.parquet"), csv_out(tmp_path), sql(tmp_path, "answers")):
        predicted(model, parquet(tmp_path, "new.parquet"), output, tmp_path / "wrong.csv", chunk=1)
    back = pq.read_table(tmp_path / "a.parquet")
    for name in list(columns)[:-1]:
        assert (back[name].type, back[name].to_pylist()) == (columns[name].type, columns[name].to_pylist()), name
    with (tmp_path / "predictions.csv").open(newline="") as file:
        first = list(csv.reader(file))[1]
    assert first[:6] == ["12345678901234567.10", "2024-01-01T12:00:00+01:00", "2024-01-01", "7", "0.1", "0.1"]
    with sqlite3.connect(tmp_path / "rows.db") as database:
        found = database.execute("SELECT price, sent, day, count, share, self FROM answers").fetchall()
    database.close()
    assert found[0] == ("12345678901234567.10", "2024-01-01T11:00:00+00:00", "2024-01-01", 7, 0.1, 0.1)


def test_files_with_decimals_of_different_width_lose_no_digit(model: PackagedModel, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    for name, price in {"a": "12345678901234567.10", "b": "0.125"}.items():
        table = pa.table({"size": [1.0], "city": ["Bern"], "price": [Decimal(price)]})
        pq.write_table(table, tmp_path / "new" / f"{name}.parquet")
    predicted(model, parquet(tmp_path, "new"), csv_out(tmp_path), tmp_path / "wrong.csv")
    with (tmp_path / "predictions.csv").open(newline="") as file:
        assert [row["price"] for row in csv.DictReader(file)] == ["12345678901234567.100", "0.125"]


def test_csv_parquet_and_databases_follow_each_other_round(model: PackagedModel, tmp_path: Path) -> None:
    frame = rows(30)
    predicted(model, csv_in(tmp_path, frame), parquet(tmp_path, "a.parquet"), tmp_path / "1")
    first = pd.read_parquet(tmp_path / "a.parquet")
    taken = first[list(frame.columns)]
    taken.to_parquet(tmp_path / "b.parquet")
    predicted(model, parquet(tmp_path, "b.parquet"), sql(tmp_path, "answers"), tmp_path / "2")
    with sqlite3.connect(tmp_path / "rows.db") as database:
        names = ", ".join(f'"{name}"' for name in frame.columns)
        database.execute(f"CREATE TABLE new AS SELECT {names} FROM answers")
    database.close()
    predicted(model, sql(tmp_path, "new"), sql(tmp_path, "again"), tmp_path / "3")  # within one database
    predicted(model, sql(tmp_path, "new"), csv_out(tmp_path), tmp_path / "4")
    with sqlite3.connect(tmp_path / "rows.db") as database:
        second, third = (pd.read_sql(f"SELECT * FROM {table}", database) for table in ("answers", "again"))
    database.close()
    fourth = pd.read_csv(tmp_path / "predictions.csv")
    for other in (second, third, fourth):
        assert list(other.columns) == list(first.columns)
        assert other["prediction"].tolist() == first["prediction"].tolist()
        assert np.allclose(other["probability_yes"], first["probability_yes"], atol=1e-9)
        assert other["rooms"].isna().tolist() == first["rooms"].isna().tolist()


def test_the_size_of_a_chunk_changes_nothing(model: PackagedModel, tmp_path: Path) -> None:
    given = csv_in(tmp_path, rows(25))
    first = None
    for chunk in (1000, 25, 7, 1):
        predicted(model, given, csv_out(tmp_path), tmp_path / "e", chunk)
        back = pd.read_csv(tmp_path / "predictions.csv")
        first = back if first is None else first
        pd.testing.assert_frame_equal(back, first, rtol=0, atol=1e-6)
        (tmp_path / "predictions.csv").unlink()


def test_a_broken_row_alone_is_refused_with_the_services_words(model: PackagedModel, tmp_path: Path) -> None:
    frame = rows(30).astype("object")
    frame.loc[11, "size"] = "big, very"
    frame.loc[20, "size"] = None
    frame.loc[29, "built"] = "yesterday"
    record = predicted(model, csv_in(tmp_path, frame), csv_out(tmp_path), tmp_path / "wrong.csv")
    assert (record.answered, record.refused, record.errors) == (27, 3, str(tmp_path / "wrong.csv"))
    wrong = pd.read_csv(tmp_path / "wrong.csv")
    service = Validator(model.signature, TextReading(missing=["", "NA"], thousands=","))
    for row, column, value in ((12, "size", "big, very"), (21, "size", None), (30, "built", "yesterday")):
        sent = "" if value is None else value  # as the file has it
        said = service.check([{**packages.ROW, column: sent}]).errors[0]
        told = wrong[wrong["row"] == row].iloc[0]
        assert (told["column"], told["message"]) == (said["column"], said["message"])
    content = json.loads(wrong["content"][0])
    assert list(content) == list(frame.columns) and content["size"] == "big, very" and content["listing id"] == "11"
    back = pd.read_csv(tmp_path / "predictions.csv")
    assert back["listing id"].tolist() == [number for number in range(30) if number not in (11, 20, 29)]
    kept = rows(30).drop(index=[11, 20, 29])
    expected = [row["probabilities"]["yes"] for row in as_the_service_predicts(model, kept)]
    assert np.allclose(back["probability_yes"], expected, atol=1e-6), "the others are predicted as without it"


def test_when_every_row_is_refused_only_the_errors_are_left(model: PackagedModel, tmp_path: Path) -> None:
    frame = rows(20).assign(size="x")
    with pytest.raises(ContentError, match=r"none of the 20 rows.*wrong\.csv.*row 1, size: is not a number"):
        predicted(model, csv_in(tmp_path, frame), csv_out(tmp_path), tmp_path / "wrong.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "wrong.csv"]
    assert len(pd.read_csv(tmp_path / "wrong.csv")) == 20


class Chunked(Source):
    """A source that gives its rows in chunks only."""

    Params = CsvParams
    label = "chunks"

    def read(self) -> pd.DataFrame:
        raise AssertionError("a batch reads chunks")


class Fails(Chunked):
    """A source that breaks off after two chunks."""

    def chunks(self, count: int) -> Iterator[pd.DataFrame]:
        yield rows(count).assign(size=["x", *range(count - 1)]).astype({"size": "str"})
        yield rows(count).astype({"size": "str"})
        raise ContentError("line 15 is not UTF-8; declare data.encoding")


@pytest.mark.parametrize("kind", ["csv", "parquet", "sql"])
def test_an_input_that_breaks_off_leaves_nothing(kind: str, model: PackagedModel, tmp_path: Path) -> None:
    output = {"csv": csv_out(tmp_path), "parquet": parquet(tmp_path, "a.parquet"), "sql": sql(tmp_path, "answers")}
    with pytest.raises(ContentError, match=r"declare batch\.input\.encoding"):
        predict_table(Fails(None), create("write", output[kind]), tmp_path / "wrong.csv", CHUNK, model, "3")
    assert list(tmp_path.iterdir()) == []


def test_when_the_output_cannot_even_be_cleared_away_the_errors_are(
    model: PackagedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_sending: object) -> None:
        raise OSError("the server has gone away")

    monkeypatch.setattr(_Sending, "end", refuse)
    monkeypatch.setattr(_Sending, "prepare", refuse)
    source = csv_in(tmp_path, rows(3).astype({"size": "object"}).assign(size=["x", 1, 2]))
    with pytest.raises(ContentError, match=r"may have been left behind, empty: the server has gone away"):
        predicted(model, source, sql(tmp_path, "answers"), tmp_path / "wrong.csv")
    assert [path.name for path in tmp_path.iterdir() if "wrong" in path.name] == []


@pytest.mark.parametrize(("error", "stays"), [(RuntimeError, False), (KeyboardInterrupt, True)])
def test_errors_are_taken_back_whatever_a_sink_raises_and_kept_when_a_stop_leaves_open_if_predictions_are_there(
    error: type[BaseException], stays: bool, model: PackagedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_writer: object) -> None:
        raise error

    output = create("write", csv_out(tmp_path))
    monkeypatch.setattr(type(output.open()), "commit", refuse)
    source = create("load", csv_in(tmp_path, rows(3).astype({"size": "object"}).assign(size=["x", 1, 2])))
    with pytest.raises(error):
        predict_table(source, output, tmp_path / "wrong.csv", CHUNK, model, "3")
    assert (tmp_path / "wrong.csv").exists() is stays


@pytest.mark.parametrize("taken", ["predictions.csv", "wrong.csv"])
def test_what_appeared_meanwhile_stays_and_neither_output_is_left(
    taken: str, model: PackagedModel, tmp_path: Path
) -> None:
    frame = rows(20).astype({"size": "object"})
    frame.loc[3, "size"] = "x"
    source = CsvSource(CsvParams(path=str(csv_in(tmp_path, frame).params["path"])))

    class Meanwhile(Chunked):
        def chunks(self, _count: int) -> Iterator[pd.DataFrame]:
            yield source.read()
            (tmp_path / taken).write_text("theirs")

    with pytest.raises(ContentError, match="came into being"):
        predict_table(Meanwhile(None), create("write", csv_out(tmp_path)), tmp_path / "wrong.csv", 99, model, "3")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["new.csv", taken])
    assert (tmp_path / taken).read_text() == "theirs"


SLOW = """
import sys, time
from pathlib import Path
from ml.package.model import PackagedModel
from schemas.choice import Choice
from ml.batch.predict import predict_table
from steps.components import create
from tests.ml.batch.test_predict import Chunked, rows

class Slow(Chunked):
    def chunks(self, count):
        for _ in range(3):
            yield rows(count).assign(size=["x", *range(count - 1)]).astype({"size": "str"})
        print("in the middle", flush=True)
        time.sleep(60)

package, folder, name, params = sys.argv[1:]
sink = create("write", Choice.model_validate_json(params))
predict_table(Slow(None), sink, Path(folder) / "wrong.csv", 5000, PackagedModel.open(Path(package)), "3")
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet", "sql"])
def test_a_killed_process_leaves_hidden_files_at_most_and_the_next_run_works(
    kind: str, model: PackagedModel, tmp_path: Path
) -> None:
    outputs = {"csv": csv_out(tmp_path), "parquet": parquet(tmp_path, "a.parquet"), "sql": sql(tmp_path, "answers")}
    output = outputs[kind]
    words = [sys.executable, "-c", SLOW, str(model.root), str(tmp_path), kind, output.model_dump_json()]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"in the middle\n"
        os.kill(process.pid, signal.SIGKILL)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    assert create("write", output).preflight() == []
    given = csv_in(tmp_path, rows(10))
    assert predicted(model, given, output, tmp_path / "wrong.csv").answered == 10
    assert not (tmp_path / "wrong.csv").exists()


@pytest.mark.slow
def test_a_database_process_killed_while_sending_leaves_no_table(tmp_path: Path) -> None:
    script = (
        "import os, sys, pandas as pd; from schemas.choice import Choice; from steps.components import create\n"
        "writer = create('write', Choice.model_validate_json(sys.argv[1])).open()\n"
        "writer.write(pd.DataFrame({'a': range(200_000)})); writer.prepare(); os.kill(os.getpid(), 9)"
    )
    output = sql(tmp_path, "answers")
    done = subprocess.run([sys.executable, "-c", script, output.model_dump_json()], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert create("write", output).preflight() == []
    writer = create("write", output).open()
    writer.write(pd.DataFrame({"a": [1]}))
    writer.prepare()
    writer.commit()
    with sqlite3.connect(tmp_path / "rows.db") as database:
        assert database.execute("SELECT a FROM answers").fetchall() == [(1,)]
    database.close()


def test_a_column_that_the_table_lacks_counts_as_missing_and_is_reported(
    model: PackagedModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frame = rows(20).rename(columns={"garden": "gardn"})
    predicted(model, csv_in(tmp_path, frame), csv_out(tmp_path), tmp_path / "e")
    assert [line for line in caplog.messages if "garden" in line] == [
        "there is no column 'garden': it counts as missing in every row. Did you mean 'gardn'?"
    ]


def test_a_header_without_a_column_that_is_needed_is_a_fault() -> None:
    (fault,) = header_faults(["sise", "city"], packages.SIGNATURE, "3")
    assert fault.path == "batch.input" and "'size'" in fault.message and "Did you mean 'sise'?" in fault.message
    assert header_faults(["size", "city"], packages.SIGNATURE, "3") == []
    assert len(absent(["size", "city"], packages.SIGNATURE)) == 3


def test_a_column_with_the_name_of_a_prediction_is_a_fault() -> None:
    faults = header_faults(["size", "city", "Prediction", "probability_yes", "model"], packages.SIGNATURE, "3")
    assert [fault.message.split("'")[1] for fault in faults] == ["Prediction", "probability_yes"]


def test_a_table_without_any_column_of_the_model_is_a_fault() -> None:
    nullable = [item.model_copy(update={"nullable": True}) for item in packages.SIGNATURE.inputs]
    (fault,) = header_faults(["a", "b"], packages.SIGNATURE.model_copy(update={"inputs": nullable}), "3")
    assert "none of the columns" in fault.message


def test_titles_above_the_header_are_told_with_the_batchs_key(tmp_path: Path) -> None:
    names = [item.name for item in packages.SIGNATURE.inputs]
    text = f"Report\nprinted 03.01.2025\n\n{';'.join(names)}\n{';'.join('1' for _ in names)}\n"
    (tmp_path / "report.csv").write_text(text, encoding="utf-8")
    source = CsvSource(CsvParams(path=str(tmp_path / "report.csv")))
    (fault,) = input_faults(source, source.header() or [], packages.SIGNATURE, "3")
    assert (fault.path, fault.hint) == (
        "batch.input",
        "line 4 looks like the header: declare batch.input.skip_lines: 3",
    )
    declared = CsvSource(CsvParams(path=str(tmp_path / "report.csv"), skip_lines=3))
    assert input_faults(declared, declared.header() or [], packages.SIGNATURE, "3") == []


def test_a_batch_that_is_no_table_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secrets.csv").write_text("root:canary\na,b\nc\n", encoding="utf-8")
    source = CsvSource(CsvParams(path=str(tmp_path / "secrets.csv")))
    (fault,) = input_faults(source, source.header() or [], packages.SIGNATURE, "3")
    assert fault.hint == "name a table" and "canary" not in fault.message


def with_labels(categories: list[str]) -> Signature:
    text = packages.SIGNATURE.model_dump_json()
    return Signature.model_validate_json(text.replace('["Bern","Genève"]', json.dumps(categories)))


@pytest.mark.parametrize(
    ("known", "column", "read"),
    [
        (["1", "2"], pd.Series(["1.0", "2.0", "x"], dtype="str"), ["1", "2", "x"]),  # numbers in training, text here
        (["1.50", "A"], pd.Series([1.5, 2.0]), ["1.50", "2"]),  # text in training, numbers here
        (["true", "maybe"], pd.Series([True, False]), ["true", "False"]),
        (["True", "False"], pd.Series(["true", "x"], dtype="str"), ["True", "x"]),
        (["007", "7.0"], pd.Series(["7", "07"], dtype="str"), ["7.0", Refusal]),  # leading zeros make a name
        (["1", "1.0"], pd.Series(["1.0", "1.00"], dtype="str"), ["1.0", "1"]),
        (["Bern"], pd.Series(["bern", None], dtype="str"), ["bern", None]),
        (["08383", "04711"], pd.Series([8383, 4711]), [Refusal, Refusal]),
        (["Köln"], pd.Series([" Ko\u0308ln "], dtype="str"), ["Köln"]),
    ],
)
def test_a_label_is_known_however_its_table_reads_it(known: list[str], column: pd.Series, read: list[Any]) -> None:
    city = next(item for item in with_labels(known).inputs if item.name == "city")
    check = check_of(city, CellReading.of(city, None), known)
    for row, cell in zip(raw_rows(pd.DataFrame({"city": column}), with_labels(known)), read, strict=True):
        if cell is Refusal:
            with pytest.raises(Refusal, match="leading zeros"):
                check(row["city"])
        else:
            assert (None if row["city"] is None else check(row["city"])) == cell


@pytest.mark.parametrize(
    ("column", "value", "raw"),
    [
        ("size", np.inf, np.inf),
        ("size", "12 kg", "12 kg"),
        ("size", pd.Timestamp("2024-01-01"), "2024-01-01T00:00:00"),
        ("garden", 2.0, 2.0),
        ("garden", "perhaps", "perhaps"),
        ("built", 20240101, 20240101),
        ("built", "31.05.2024", "31.05.2024"),
        ("built", True, True),
    ],
)
def test_what_cannot_be_read_is_handed_on_and_refused(column: str, value: Any, raw: Any) -> None:
    (row,) = raw_rows(pd.DataFrame({column: [value]}), packages.SIGNATURE)
    assert row == {column: raw} and type(row[column]) is type(raw)
    error = Validator(packages.SIGNATURE).check([{**packages.ROW, **row}]).errors[0]
    assert error["column"] == column


def test_a_date_is_read_in_the_form_that_training_had_or_in_iso_8601() -> None:
    inputs = [
        item.model_copy(update={"format": "%d.%m.%Y"}) if item.name == "built" else item
        for item in packages.SIGNATURE.inputs
    ]
    signature = packages.SIGNATURE.model_copy(update={"inputs": inputs})
    checked = Validator(signature).check(
        [{**packages.ROW, "built": text} for text in ("31.05.2024", "2024-05-31", "31/05/2024")]
    )
    assert checked.cells["built"] == ("2024-05-31T00:00:00", "2024-05-31T00:00:00")
    assert "nor one written as %d.%m.%Y" in checked.errors[2]["message"]


LABELS: dict[str, list[Scalar]] = {
    "str": ["no", "yes", "perhaps"],
    "int": [1, 2, 7],
    "bool": [False, True],
    "float": [1, 1.5, 2],
    "mixed": ["a", 1],
}


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(sorted(LABELS)), st.booleans(), st.one_of(st.none(), st.floats(0, 1)))
def test_columns_say_what_the_service_says(
    data: st.DataObject, kind: str, has_probabilities: bool, threshold: float | None
) -> None:
    classes = LABELS[kind]
    lowest = 0 if has_probabilities else -1
    codes = data.draw(st.lists(st.integers(lowest, len(classes) - 1), min_size=1, max_size=8))
    shares = np.array([[data.draw(st.floats(0, 1)) for _ in classes] for _ in codes])
    output = Output(task="multiclass", target="y", classes=classes, review_threshold=threshold)
    predictions = Predictions(codes=np.array(codes), probabilities=shares if has_probabilities else None)
    frame = prediction_columns(predictions, output, "3")
    expected = Encoder(output).encode(predictions).records
    assert str(frame["prediction"].dtype) == str(
        prediction_columns(predictions, output, "4").iloc[:1]["prediction"].dtype
    )
    for (_, row), said in zip(frame.iterrows(), expected, strict=True):
        label = None if pd.isna(row["prediction"]) else row["prediction"]
        assert label == (str(said["label"]) if kind == "mixed" and said["label"] is not None else said["label"])
        assert bool(row["needs_review"]) is said["needs_review"]
        for name, share in said.get("probabilities", {}).items():
            assert row[f"probability_{name}"] == share
    assert has_probabilities == any(name.startswith("probability_") for name in frame.columns)


@pytest.mark.parametrize("kind", ["csv", "parquet", "sql"])
def test_rules_that_abstain_leave_the_prediction_empty_and_ask_for_review(
    kind: str, model: PackagedModel, tmp_path: Path
) -> None:
    rules = RuleSet.model_validate(
        {
            "rules": [{"when": {"column": "size", "above": 5}, "then": "yes"}],
            "columns": {"size": "number"},
        }
    )
    signature = model.signature
    abstaining = PackagedModel(model.root, model.manifest, signature, DecisionList(rules, signature.output))
    outputs = {"csv": csv_out(tmp_path), "parquet": parquet(tmp_path, "a.parquet"), "sql": sql(tmp_path, "answers")}
    frame = rows(30)
    frame.loc[:9, "size"] = 1.0  # a whole chunk without a prediction
    predicted(abstaining, csv_in(tmp_path, frame), outputs[kind], tmp_path / "e")
    read = {
        "csv": lambda: pd.read_csv(tmp_path / "predictions.csv"),
        "parquet": lambda: pd.read_parquet(tmp_path / "a.parquet"),
        "sql": lambda: create("load", outputs["sql"]).read(),
    }
    back = read[kind]()
    assert list(back.columns) == [*frame.columns, "prediction", "needs_review", "model_version"]
    sure = frame["size"] > 5
    assert back["prediction"].isna().tolist() == (~sure).tolist()
    assert set(back["prediction"].dropna()) == {"yes"}
    assert back["needs_review"].tolist() == (~sure).tolist()


class Diverges(Predictor):
    """A runtime whose predictions are not finite for large sizes."""

    def predict(self, features: np.ndarray) -> Predictions:
        share = np.where(features[:, 0] > 5, np.nan, 0.25)
        return Predictions(
            codes=np.zeros(len(features), dtype=np.int64), probabilities=np.column_stack([1 - share, share])
        )


def test_a_row_without_a_finite_prediction_is_refused_and_no_other(model: PackagedModel, tmp_path: Path) -> None:
    diverging = PackagedModel(model.root, model.manifest, model.signature, Diverges())
    frame = rows(30)
    record = predicted(diverging, csv_in(tmp_path, frame), csv_out(tmp_path), tmp_path / "wrong.csv")
    wrong, back = pd.read_csv(tmp_path / "wrong.csv"), pd.read_csv(tmp_path / "predictions.csv")
    assert (wrong["row"] - 1).tolist() == frame.index[frame["size"] > 5].tolist()
    assert set(wrong["message"]) == {NO_FINITE_PREDICTION} and wrong["column"].isna().all()
    assert back["listing id"].tolist() == frame.index[frame["size"] <= 5].tolist()
    assert (record.answered, record.refused) == (len(back), len(wrong))


def test_a_regression_predicts_a_value_and_a_version() -> None:
    frame = prediction_columns(Predictions(values=np.array([1.5])), Output(task="regression", target="y"), "3")
    assert frame.to_dict("records") == [{"prediction": 1.5, "model_version": "3"}]


MEASURE = r"""
import re, sys, time
from pathlib import Path
from ml.package.model import PackagedModel
from schemas.choice import Choice
from ml.batch.predict import predict_table
from ml.components.source import Source
from steps.components import create

package, given, output = sys.argv[1:]
source = create("load", Choice(name="parquet", params={"path": given}))
sink = create("write", Choice(name="csv", params={"path": output}))
began = time.monotonic()
predict_table(source, sink, Path(output + ".errors"), 10_000, PackagedModel.open(Path(package)), "3")
seconds = time.monotonic() - began
peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())  # ru_maxrss counts the parent's too
print(int(peak.group(1)) // 1024, seconds)
"""


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel does not tell")
def test_memory_depends_on_the_chunk_and_not_on_the_table(model: PackagedModel, tmp_path: Path) -> None:
    peaks = []
    for count in (20_000, 200_000):
        rows(count).to_parquet(tmp_path / f"{count}.parquet", row_group_size=10_000)
        words = [str(model.root), str(tmp_path / f"{count}.parquet"), str(tmp_path / f"{count}.csv")]
        done = subprocess.run([sys.executable, "-c", MEASURE, *words], cwd=ROOT, capture_output=True, check=True)
        peaks.append(float(done.stdout.split()[0]))
        print(f"{count:,} rows: {peaks[-1]:.0f} MiB, {count / float(done.stdout.split()[1]):,.0f} rows/s")
        assert sum(1 for _ in (tmp_path / f"{count}.csv").open()) == count + 1
    assert peaks[1] - peaks[0] < 40


@pytest.mark.parametrize("kind", ["csv", "parquet", "sql"])
def test_an_output_is_replaced_on_request_and_so_are_its_refused_rows(
    kind: str, model: PackagedModel, tmp_path: Path
) -> None:
    made = {"csv": csv_out(tmp_path), "parquet": parquet(tmp_path, "a.parquet"), "sql": sql(tmp_path, "answers")}[kind]
    output = made.model_copy(update={"params": {**made.params, "replace": True}})
    errors = tmp_path / "wrong.csv"
    broken = rows(20).astype("object")
    broken.loc[3, "size"] = "x"
    assert predicted(model, csv_in(tmp_path, broken), output, errors).answered == 19
    assert len(pd.read_csv(errors)) == 1
    broken.loc[5, "size"] = "x"
    assert create("write", output).preflight() == []
    assert predicted(model, csv_in(tmp_path, broken), output, errors).answered == 18
    assert pd.read_csv(errors)["row"].tolist() == [4, 6]
    assert predicted(model, csv_in(tmp_path, rows(15)), output, errors).answered == 15
    assert not errors.exists(), "what an earlier run refused would be taken for this one's"
    back = create("load", made) if kind != "csv" else CsvSource(CsvParams(path=str(made.params["path"])))
    assert len(back.read()) == 15


def test_a_replacement_that_breaks_off_leaves_what_was_there(model: PackagedModel, tmp_path: Path) -> None:
    output = csv_out(tmp_path)
    predicted(model, csv_in(tmp_path, rows(9)), output, tmp_path / "wrong.csv")
    before = (tmp_path / "predictions.csv").read_bytes()
    again = Choice(name="csv", params={**output.params, "replace": True})
    with pytest.raises(ContentError):
        predict_table(Fails(None), create("write", again), tmp_path / "wrong.csv", CHUNK, model, "3")
    assert (tmp_path / "predictions.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "predictions.csv"]
