"""A folder that old requests cannot go to is told before the service starts; one that is not there is made."""

import os
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.journal_spec import JournalSpec
from serving.process import archive_folder


def told(folder: Path) -> list[str]:
    return [str(fault) for fault in archive_folder.faults(JournalSpec(archive=str(folder), keep_days=1))]


def test_a_folder_that_can_be_made_is_made(tmp_path: Path) -> None:
    spec = JournalSpec(archive=str(tmp_path / "a" / "b"), keep_days=1)
    for _ in range(2):
        assert archive_folder.faults(spec) == []
        archive_folder.make(spec)
    assert (tmp_path / "a" / "b").is_dir() and archive_folder.faults(JournalSpec()) == []
    assert archive_folder.faults(JournalSpec(archive="s3://bucket/house", keep_days=1)) == []


def test_a_folder_that_cannot_be_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert told(file / "a") == [f"journal.archive: {file} is no folder\n    name another one, or move it away"]
    with pytest.raises(ConfigurationError, match="cannot be made: Not a directory") as caught:
        archive_folder.make(JournalSpec(archive=str(file / "a"), keep_days=1))
    assert caught.value.exit_code == 2
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write to all folders
    assert told(tmp_path)[0].startswith(f"journal.archive: the folder {tmp_path} cannot be written\n")
    assert f"{tmp_path} cannot be written, and there is no {tmp_path}/a/b" in told(tmp_path / "a" / "b")[0]
