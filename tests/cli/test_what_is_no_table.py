"""A file that is no table is never quoted, and a reader of the output who goes away is no accident."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from schemas.home import ROOT

SECRET = "canary-1c5e7f"


@pytest.mark.untraced
@pytest.mark.parametrize(
    "text",
    [
        f"root:{SECRET}:0:0:root\ndaemon:x:1:1\n",
        f"TOKEN={SECRET}\nOTHER=1\n",
        f"-----BEGIN KEY-----\n{SECRET}\n-----END KEY-----\n",
        f"key, {SECRET}, x\nan ordinary line\nanother one, with a comma\n",
    ],
)
def test_a_file_that_is_no_table_is_not_quoted(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path / "home"))
    (tmp_path / "secrets").write_text(text, encoding="utf-8")
    assert main(["+experiment=houses", f"data.path={tmp_path / 'secrets'}"]) == 2
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err and "does not look like a table" in printed.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"user": "a", "token": "%s"}\n{"user": "b", "token": "x"}\n', "looks like JSON Lines"),
        ('["a", "%s"]\n["b", "x"]\n', "looks like JSON Lines"),
        ('{"token": "%s", "b": "%s"\n1,2\n', "looks like values or settings"),
        ("USER=a,TOKEN=%s\nUSER=b,TOKEN=x\n", "looks like values or settings"),
        ("user: a, token: %s\nuser: b, token: x\n", "looks like values or settings"),
        ("https://me:%s@host,1\nhttps://host,2\n", "looks like values or settings"),
        ('{"token": "%s","token": "%s"}\n' * 2, "looks like JSON Lines"),
        ("token: %s,token: %s\na,b\n", "column names must be unique, but one that is not shown"),
        ("# token, %s\nan ordinary line\nanother\n", "the first line begins with '#'"),
    ],
)
def test_lines_with_equally_many_commas_are_no_table_for_that(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path / "home"))
    (tmp_path / "secrets").write_text(text.replace("%s", SECRET), encoding="utf-8")
    assert main(["+experiment=houses", f"data.path={tmp_path / 'secrets'}"]) == 2
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err and told in printed.err


def test_a_name_with_such_signs_is_read_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path / "home"))
    (tmp_path / "table.csv").write_text("a,k=v: {x}\n1,2\n3,4\n", encoding="utf-8")
    source = CsvSource(CsvParams(path=str(tmp_path / "table.csv")))
    assert source.preflight() == [] and list(source.read().columns) == ["a", "k=v: {x}"]
    assert main(["+experiment=houses", f"data.path={tmp_path / 'table.csv'}"]) == 2
    assert "k=v" not in capsys.readouterr().err


def test_a_table_without_the_column_shows_its_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path / "home"))
    (tmp_path / "table.csv").write_text("size,prices\n1,2\n3,4\n", encoding="utf-8")
    assert main(["+experiment=houses", f"data.path={tmp_path / 'table.csv'}"]) == 2
    assert "columns: size, prices" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("words", [["run.py", "action=components"], ["-m", "serving", "status"]])
def test_a_reader_who_goes_away_ends_the_command_without_a_traceback(words: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, "DRIVETRAIN_HOME": str(tmp_path)},
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
