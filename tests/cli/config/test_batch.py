"""The `batch` block: what follows from a path, where paths point to, and every way to get it wrong."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from cli.main import main
from cli.preflight.run import preflight
from cli.views.plan import plan_lines
from ml.sources.csv import CsvSource
from schemas.errors import ConfigurationError, Fault
from schemas.plan import Plan
from schemas.run import Run

Load = Callable[..., Run]
Faults = Callable[..., dict[str, Fault]]
BASE = ("+experiment=houses", "pipeline=batch_inference")
IN, OUT = "batch.input.path=new.csv", "batch.output.path=predictions.csv"


@pytest.fixture
def refused(load: Load, empty: Path) -> Callable[..., dict[str, Fault]]:
    """Return the preflight's faults by path; there is a table `new.csv`, and looking makes nothing."""
    (empty / "new.csv").write_text("a,b\n1,2\n")

    def found(*words: str) -> dict[str, Fault]:
        run, before = load(*BASE, *words), sorted(empty.iterdir())
        try:
            preflight(run)
        except ConfigurationError as error:
            assert sorted(empty.iterdir()) == before
            return {fault.path: fault for fault in error.faults}
        assert sorted(empty.iterdir()) == before
        return {}

    return found


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(("new.csv", "csv"), ("new.CSV", "csv"), ("new.csv.gz", "csv"), ("new.tsv", "csv"), ("a.b/new.tsv.gz", "csv")),
        *(("new.parquet", "parquet"), ("new.pq", "parquet"), ("part-?.parquet", "parquet")),
        ("https://host/new.csv?v1.2", "csv"),
    ],
)
def test_the_ending_tells_which_kind_it_is(load: Load, path: str, name: str) -> None:
    batch = load(*BASE, f"batch.input.path={path}", f"batch.output.path={path}").batch
    assert batch is not None
    assert (batch.input.name, batch.output.name) == (name, name)


def test_a_url_and_a_table_are_a_database(load: Load, empty: Path) -> None:
    words = ("batch.input.url=sqlite:///new.db", "batch.input.query='SELECT 1'", "batch.output.url=sqlite:///x.db")
    batch = load(*BASE, *words, "batch.output.table=answers").batch
    assert batch is not None
    assert (batch.input.name, batch.output.name) == ("sql", "sql")
    assert batch.output.params["url"] == f"sqlite:///{empty / 'x.db'}"
    assert batch.errors == str(empty / "answers.errors.csv")


def test_a_name_that_is_given_counts_more_than_the_ending(load: Load) -> None:
    batch = load(*BASE, "batch.input.path=new.dat", "batch.input.name=csv", OUT).batch
    assert batch is not None and batch.input.name == "csv"


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        ("predictions.csv", "predictions.csv.errors.csv"),
        ("predictions.csv.gz", "predictions.csv.gz.errors.csv"),
        ("sub/predictions.2024.parquet", "sub/predictions.2024.parquet.errors.csv"),
    ],
)
def test_errors_go_beside_the_output(load: Load, empty: Path, output: str, errors: str) -> None:
    batch = load(*BASE, IN, f"batch.output.path={output}").batch
    assert batch is not None
    assert batch.output.params["path"] == str(empty / output)
    assert batch.errors == str(empty / errors)


def test_errors_go_where_they_are_declared_to(load: Load, empty: Path) -> None:
    batch = load(*BASE, IN, OUT, "batch.errors=wrong.csv", "batch.piece=10").batch
    assert batch is not None and (batch.errors, batch.piece) == (str(empty / "wrong.csv"), 10)


def test_an_input_in_the_experiment_is_found_beside_it(load: Load, outside: Callable[..., Path], empty: Path) -> None:
    folder = outside(
        experiment__mine="# @package _global_\ndefaults:\n  - override /data: csv\nname: mine\n"
        "data: {path: gone.csv, target: y}\nbatch:\n  input: {path: new.csv}\n  output: {path: out.csv}\n"
    )
    (folder / "experiment" / "new.csv").write_text("a\n1\n")
    batch = load(f"--config-dir={folder}", "+experiment=mine", "pipeline=batch_inference").batch
    assert batch is not None
    assert batch.input.params["path"] == str(folder / "experiment" / "new.csv")
    assert batch.output.params["path"] == str(empty / "out.csv"), "an output belongs to the current folder"


@pytest.mark.parametrize(
    ("words", "path", "says"),
    [
        ((), "batch", "batch.input.path=new.csv batch.output.path=predictions.csv"),
        ((IN,), "batch.output", "must be given"),
        ((OUT,), "batch.input", "must be given"),
        ((OUT, "batch.input=new.csv"), "batch.input", "not a mapping"),
        ((OUT, "batch.input.path=new.dat"), "batch.input.name", "is none of .csv, .parq"),
        ((OUT, "batch.input.path=new"), "batch.input.name", "one of: csv"),
        ((IN, "batch.output.separator=x"), "batch.output", "neither a path nor a database"),
        ((IN, OUT, "batch.output.pth=x"), "batch.output.pth", "Did you mean 'path'?"),
        ((IN, OUT, "batch.output.name=exel"), "batch.output.name", "not a registered data sink"),
        ((IN, OUT, "batch.input.name=cvs"), "batch.input.name", "Did you mean 'csv'?"),
        ((OUT, IN, "batch.input.seperator=x"), "batch.input.seperator", "Did you mean 'separator'?"),
        ((IN, OUT, "batch.peace=3"), "batch.peace", "Did you mean 'piece'?"),
        ((IN, OUT, "batch.piece=0"), "batch.piece", "at least 1"),
        ((IN, OUT, "batch.errors=3"), "batch.errors", "not text"),
        (("batch=3",), "batch", "not a mapping"),
        ((IN, "batch.output.url=sqlite:///a.db"), "batch.output.table", "must be given"),
        (
            (IN, "batch.output.url='postgresql://me:secret@host/db'", "batch.output.table=t"),
            "batch.output.url",
            "holds a password",
        ),
    ],
)
def test_a_fault_of_the_block_says_where_and_what(faults: Faults, words: tuple[str, ...], path: str, says: str) -> None:
    found = faults(*BASE, *words)
    assert path in found, list(found)
    assert says in f"{found[path].message} {found[path].hint}"


def test_all_faults_of_the_block_come_at_once(faults: Faults) -> None:
    found = faults(*BASE, "batch.input.path=a.dat", "batch.output.pth=b", "batch.peace=1", "seed=-1")
    assert list(found) == ["seed", "batch.input.name", "batch.output", "batch.peace"]


def test_another_pipeline_checks_the_block_and_does_not_use_it(load: Load, faults: Faults, empty: Path) -> None:
    assert load("+experiment=houses", IN, OUT).batch is not None
    assert "batch.peace" in faults("+experiment=houses", IN, OUT, "batch.peace=3")
    preflight(load("+experiment=houses", "pipeline=training", "batch.input.path=none.csv", OUT))


def test_a_sound_block_passes_though_the_experiments_own_data_is_gone(refused: Faults) -> None:
    assert refused(IN, OUT, "data.path=gone.csv") == {}


def test_all_that_is_missing_is_reported_before_anything_starts(refused: Faults, empty: Path) -> None:
    found = refused("batch.input.path=none.csv", "batch.output.path=no/predictions.parquet", "batch.errors=nor/x.csv")
    assert set(found) == {"batch.input.path", "batch.output.path", "batch.errors"}


def test_a_secret_that_a_component_misses_hides_no_other_fault(
    refused: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_source: CsvSource) -> list[Fault]:
        raise ConfigurationError([Fault("token", "the environment variable TOKEN is not set")])

    monkeypatch.setattr(CsvSource, "preflight", missing)
    assert set(refused(IN, "batch.output.path=no/predictions.csv")) == {"batch.input.token", "batch.output.path"}


def test_a_folder_that_is_missing_is_reported_once(refused: Faults) -> None:
    assert set(refused(IN, "batch.output.path=no/predictions.parquet")) == {"batch.output.path"}


@pytest.mark.parametrize("text", ["", "a,b\n"])
def test_an_input_without_rows_is_a_fault(refused: Faults, empty: Path, text: str) -> None:
    (empty / "empty.csv").write_text(text)
    assert set(refused("batch.input.path=empty.csv", OUT)) == {"batch.input.path"}


def test_a_source_names_the_keys_that_they_have_here(refused: Faults, empty: Path) -> None:
    (empty / "latin.csv").write_bytes("größe\n1\n".encode("latin-1"))
    (fault,) = refused("batch.input.path=latin.csv", OUT).values()
    assert fault.path == "batch.input.encoding" and "declare batch.input.encoding" in fault.message


@pytest.mark.parametrize("name", ["predictions.csv", "predictions.csv.errors.csv"])
def test_nothing_that_is_there_is_overwritten(refused: Faults, empty: Path, name: str) -> None:
    (empty / name).write_text("mine")
    (fault,) = refused(IN, OUT).values()
    assert "exists already" in fault.message
    assert (empty / name).read_text() == "mine"


def test_errors_of_an_earlier_run_are_called_so_and_the_message_says_what_to_do(refused: Faults, empty: Path) -> None:
    (empty / "predictions.csv.errors.csv").write_bytes(b'row,column,message,content\r\n1,a,wrong,"{}"\r\n')
    (fault,) = refused(IN, OUT).values()
    assert fault.path == "batch.errors" and "holds what an earlier run refused" in fault.message
    assert fault.hint.startswith(f"rm {empty / 'predictions.csv.errors.csv'}, batch.errors=ANOTHER.csv, or ")
    assert refused(IN, OUT, "batch.errors=other.csv") == {}


def test_the_plan_shows_input_output_and_errors_without_secrets(load: Load, empty: Path) -> None:
    url = "batch.input.url='postgresql://me@host/db?application_name=x'"
    words = (url, "batch.input.query='SELECT *\n  FROM t'", "batch.input.password={env:HIS_PASSWORD}", OUT)
    lines = list(plan_lines(load(*BASE, *words), Plan(changes=[], steps=[])))
    assert lines[1:5] == [
        "rows",
        "  input:  sql query SELECT * FROM t of postgresql://host/db",
        f"  output: csv {empty / 'predictions.csv'}",
        f"  errors: {empty / 'predictions.csv.errors.csv'}, if a row is refused",
    ]
    assert "rows" not in list(plan_lines(load("+experiment=houses", IN, OUT), Plan(changes=[], steps=[])))


def test_a_table_that_is_there_is_not_overwritten(refused: Faults, empty: Path) -> None:
    with sqlite3.connect(empty / "x.db") as database:
        database.execute("CREATE TABLE answers (a)")
    database.close()
    (fault,) = refused(IN, "batch.output.url=sqlite:///x.db", "batch.output.table=answers").values()
    assert fault.path == "batch.output.table" and "already" in fault.message


@pytest.mark.untraced
def test_input_output_and_errors_are_three_files(refused: Faults, empty: Path) -> None:
    (empty / "link.csv").symlink_to(empty / "new.csv")
    assert "is the input" in refused(IN, "batch.output.path=new.csv")["batch.output.path"].message
    assert "is the input" in refused(IN, "batch.output.path=link.csv")["batch.output.path"].message
    assert "is the input" in refused(IN, OUT, "batch.errors=new.csv")["batch.errors"].message
    assert "is the output" in refused(IN, OUT, "batch.errors=predictions.csv")["batch.errors"].message


def test_a_folder_that_cannot_be_written_is_a_fault(
    refused: Faults, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty / "locked").mkdir(mode=0o500)
    if os.geteuid() == 0:  # root may write everywhere: only the system's answer is put in place
        monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path))
    assert "cannot be written" in refused(IN, "batch.output.path=locked/x.csv")["batch.output.path"].message


def test_without_the_block_the_exit_code_is_2_and_nothing_is_written(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*BASE]) == 2
    assert "batch.input.path=new.csv" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "output"),
    [
        ("batch.input.path=rows.csv", "batch.output.path=rows.csv"),
        ("batch.input.path=file://{here}/rows.csv", "batch.output.path=rows.csv"),
        ("batch.input.path=parts batch.input.name=parquet", "batch.output.path=parts/p0.parquet"),
        ("batch.input.path={here}/parts/*.parquet", "batch.output.path=parts/p0.parquet"),
        (
            "batch.input.url=sqlite:///{here}/rows.db batch.input.table=t",
            "batch.output.path=rows.db batch.output.name=csv",
        ),
        (
            "batch.input.url=sqlite:///{here}/rows.db batch.input.table=t",
            "batch.output.url=sqlite:///{here}/rows.db batch.output.table=t",
        ),
    ],
)
def test_an_output_never_takes_the_place_of_its_input(given: str, output: str, refused: Faults, empty: Path) -> None:
    (empty / "rows.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (empty / "parts").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(empty / "parts" / "p0.parquet")
    with closing(sqlite3.connect(empty / "rows.db")) as database:
        database.execute("CREATE TABLE t (a)")
    words = f"{given} {output} batch.output.replace=true".format(here=empty).split()
    assert any("is the input" in fault.message for fault in refused(*words).values())


def test_lines_below_the_rows_are_asked_about_and_not_taken_over(
    empty: Path, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "new.csv").write_text("size,rooms\n1,2\nTotal,2\n")
    words = (*BASE, IN, OUT, "data.skip_end=1")
    batch = load(*words, "data.skip_lines=3").batch
    assert batch is not None and batch.input.params["skip_lines"] == 3 and "skip_end" not in batch.input.params
    main([*words, "action=plan"])
    told = "batch.input.skip_end is not declared, and data.skip_end=1 is not taken over"
    assert told in capsys.readouterr().err
    for lines in (0, 1):
        main([*words, f"batch.input.skip_end={lines}", "action=plan"])
        printed = capsys.readouterr()
        assert told not in printed.err and f"skip_end {lines}" in printed.out
