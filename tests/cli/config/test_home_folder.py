"""A path of one's own folder, as people type it."""

from pathlib import Path

import pytest

from cli.main import main


@pytest.mark.parametrize("word", ["~/rows here.csv", "~/rows.csv"])
def test_a_path_that_begins_with_a_tilde_is_of_ones_own_folder(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path / "home"))
    words = ["+experiment=houses", f"data.path={word}"]
    assert main(words) == 2
    assert f"there is no file {tmp_path / word[2:]}" in capsys.readouterr().err


def test_a_batchs_files_are_looked_for_with_the_same_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path / "home"))
    batch = ["pipeline=batch_inference", "batch.input.path=gone.csv", f"batch.output.path={tmp_path / 'o.csv'}"]
    assert main(["+experiment=houses", *batch]) == 2
    assert "a relative path is looked for in the current folder" in capsys.readouterr().err
