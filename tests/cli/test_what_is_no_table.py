"""A file that is no table is never quoted, and a reader of the output who goes away is no accident."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from schemas.home import ROOT

SECRET = "canary-1c5e7f"


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
