"""The alerter writes whole lines, whoever writes besides."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from acme_platform.file_alerter import FileAlerter, FileAlerterConfig, FileAlerterFlavor
from filelock import FileLock
from zenml.enums import StackComponentType

from drivetrain import StorageError


def alerter(path: Path, **settings: Any) -> FileAlerter:
    """Return the alerter as ZenML makes it."""
    now = datetime.now(UTC)
    return FileAlerter(
        name="alerts", id=uuid4(), config=FileAlerterConfig(path=str(path), **settings), flavor="acme_file",
        type=StackComponentType.ALERTER, user=None, created=now, updated=now,
    )  # fmt: skip


def lines(path: Path) -> list[dict[str, str]]:
    """Return the entries of the file, each of which must be whole."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_message_is_a_line_with_its_time(tmp_path: Path) -> None:
    assert alerter(tmp_path / "new" / "alerts.jsonl").post("drift in 'age'\nsee the report")
    (entry,) = lines(tmp_path / "new" / "alerts.jsonl")
    assert entry["kind"] == "message" and entry["text"] == "drift in 'age'\nsee the report"
    assert datetime.fromisoformat(entry["time"]).tzinfo is not None


def test_a_question_in_a_file_is_not_answered_with_yes(tmp_path: Path) -> None:
    assert alerter(tmp_path / "alerts.jsonl").ask("deploy version 2?") is False
    assert lines(tmp_path / "alerts.jsonl")[0]["kind"] == "question"


def test_writers_at_the_same_time_leave_whole_lines(tmp_path: Path) -> None:
    one = alerter(tmp_path / "alerts.jsonl")
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one.post, (f"message {number} {'x' * 5000}" for number in range(40))))
    assert len({entry["text"] for entry in lines(tmp_path / "alerts.jsonl")}) == 40


def test_a_line_that_a_killed_writer_left_torn_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"kind": "mess')
    alerter(path).post("whole")
    assert json.loads(path.read_text().splitlines()[-1])["text"] == "whole"


def test_a_file_that_somebody_holds_is_waited_for_and_then_named(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    with FileLock(f"{path}.lock"), pytest.raises(StorageError, match=r"alerts\.jsonl is locked for more than 0\.1 s"):
        alerter(path, wait=0.1).post("late")
    assert not path.exists()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "alerts.jsonl").mkdir()
    with pytest.raises(StorageError, match="no alert can be written to"):
        alerter(tmp_path / "alerts.jsonl").post("lost")


def test_a_path_that_depends_on_the_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="steps run in other folders"):
        FileAlerterConfig(path="alerts.jsonl")


def test_the_flavor_is_an_alerter_of_the_entry_points_name() -> None:
    flavor = FileAlerterFlavor()
    assert (flavor.name, flavor.type) == ("acme_file", StackComponentType.ALERTER)
    assert flavor.implementation_class is FileAlerter
