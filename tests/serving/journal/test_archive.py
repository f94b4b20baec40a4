"""Requests go to Parquet files: each is read once, whatever is cut off on the way, and its labels with it."""

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from ml.io.objects.client import filesystem
from schemas.errors import ContentError, DeploymentError
from schemas.home import ROOT
from schemas.journal_spec import JournalSpec
from serving.journal import archive as archive_module
from serving.journal import archiving, flat, parquet
from serving.journal.archive import Due, archive
from serving.journal.archived import Everything
from serving.journal.engine import connect
from serving.journal.export import export
from serving.journal.insertion import add
from serving.journal.location import sqlite_url
from serving.journal.maintenance import Maintenance
from serving.journal.parts import parts
from serving.journal.predictions import count
from serving.journal.retention import used
from serving.journal.salvage import salvage
from serving.journal.schema import labels, requests
from serving.journal.streamed import Labelled, Span
from serving.journal.tables import create
from tests.object_store import ObjectStore
from tests.object_store import as_owner as as_owner
from tests.object_store import object_store as object_store
from tests.serving.journal.damaged import overwrite, write_journal
from tests.serving.journal.requests import request
from tests.soak import count as tries

DAY = 86_400.0
TEXTS = [{"size": 1, "town": "Ülm"}, {"size": 1.5}, {"size": None, "grid": {"sha256": "0"}}]


def fill(url: str, number: int, days: float, prefix: str = "old") -> None:
    """Write requests of three rows, of so many days ago; the first row has a label."""
    when = time.time() - days * DAY
    answers = json.dumps([{"label": "yes", "probabilities": {"yes": 1.0}, "needs_review": False}] * 3)
    with connect(url).begin() as connection:
        names = [f"{prefix}-{place}" for place in range(number)]
        wholes = [request(one, 3, when=when)._replace(inputs=json.dumps(TEXTS), answers=answers) for one in names]
        add(connection, [wholes[0]._replace(share=0.1, trace="00-0-0-00", flags="[]"), *wholes[1:]])
    for one in names:
        label(url, one, 0, '"yes"')


def label(url: str, request_id: str, row: int, text: str) -> None:
    row_of = {"request_id": request_id, "row": row, "label": text, "time": 1.8e9}
    with connect(url).begin() as connection:
        connection.execute(insert(labels), [row_of])


def everything(url: str, span: Span | None = None) -> list[Labelled]:
    return [one for piece in Everything(connect(url), span or Span()) for one in piece]


def archived(url: str, folder: str, days: float | None = 2.0, most_bytes: int | None = None) -> int:
    before = None if days is None else time.time() - days * DAY
    return len(list(archive(connect(url), folder, Due(before, most_bytes))))


def tidied(url: str, folder: str, grace: float = 0.0) -> None:
    """Take what is archived out of the journal."""
    one = Maintenance(url, JournalSpec(archive=folder, keep_days=2), "w", grace=grace)
    one.look()
    one.stop()


@pytest.fixture(autouse=True)
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Archive in this process only."""
    monkeypatch.setattr(archiving, "has_pyarrow", lambda: False)


def test_what_is_old_is_read_from_its_file_as_it_was_and_the_rest_from_the_journal(
    any_journal: str, tmp_path: Path
) -> None:
    fill(any_journal, 40, 3)
    fill(any_journal, 5, 1, "new")
    before = everything(any_journal)
    assert archived(any_journal, str(tmp_path)) == 1 and archived(any_journal, str(tmp_path)) == 0
    assert everything(any_journal) == before, "from the file, though the journal has it too"
    tidied(any_journal, str(tmp_path), grace=60)
    assert count(any_journal) == 135
    tidied(any_journal, str(tmp_path))
    assert count(any_journal) == 15 and everything(any_journal) == before and len(before) == 135
    (file,) = tmp_path.glob("*.parquet")
    assert pq.read_table(file, columns=["inputs.size", "label"]).to_pylist()[1] == {"inputs.size": 1.5, "label": None}
    manifest = json.loads(Path(f"{file}.json").read_text())
    assert (manifest["file"], manifest["requests"], manifest["rows"]) == (file.name, 40, 120)
    assert export(any_journal, str(tmp_path / "all.csv"), "csv", Span()) == 135
    assert before[0].came == (0.1, "00-0-0-00", "[]") and before[3].came == (None, None, None)
    assert len(everything(any_journal, Span(time.time() - 2 * DAY))) == 15
    assert len(everything(any_journal, Span(None, time.time() - 2 * DAY))) == 120


def test_labels_that_come_after_the_file_are_read_with_it(any_journal: str, tmp_path: Path) -> None:
    fill(any_journal, 6, 3)
    archived(any_journal, str(tmp_path))
    label(any_journal, "old-0", 0, '"no"')
    label(any_journal, "old-1", 2, '"late"')
    fill(any_journal, 1, 1, "new")
    for _ in range(2):
        found = {(one.predicted.request_id, one.predicted.row): one.label for one in everything(any_journal)}
        assert (found["old-0", 0], found["old-1", 0], found["old-1", 2], found["old-2", 2]) == (
            "no",
            "yes",
            "late",
            None,
        )
        tidied(any_journal, str(tmp_path))
    assert count(any_journal) == 3


def test_a_number_of_a_label_that_went_is_not_given_to_a_later_one(journal_url: str, tmp_path: Path) -> None:
    fill(journal_url, 3, 3)
    fill(journal_url, 1, 3, "last")
    archived(journal_url, str(tmp_path))
    with connect(journal_url).begin() as connection:
        add(connection, [request("young")])
    tidied(journal_url, str(tmp_path))
    label(journal_url, "old-1", 1, '"late"')
    found = {(one.predicted.request_id, one.predicted.row): one.label for one in everything(journal_url)}
    assert found["old-1", 1] == "late" and found["last-0", 0] == "yes"


def test_a_value_that_has_no_place_in_its_column_keeps_no_request_back(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(journal_url, 4, 3)
    before, real = everything(journal_url), flat.columns_of
    monkeypatch.setattr(parquet, "columns_of", lambda pieces: real(pieces) | {"inputs.town": "whole"})
    assert archived(journal_url, str(tmp_path)) == 1 and everything(journal_url) == before
    (file,) = tmp_path.glob("*.parquet")
    assert pq.read_table(file, columns=["inputs.town"]).to_pylist()[0] == {"inputs.town": "Ülm"}
    with pytest.raises(ContentError, match=r"inputs\.town.*csv and jsonl"):
        export(journal_url, str(tmp_path / "all.parquet"), "parquet", Span())


def test_a_file_that_is_gone_or_damaged_is_named_and_the_journal_is_not_blamed(
    journal_url: str, tmp_path: Path
) -> None:
    fill(journal_url, 60, 3)
    fill(journal_url, 1, 1, "new")
    archived(journal_url, str(tmp_path))
    (file,) = tmp_path.glob("*.parquet")
    whole = file.read_bytes()
    middle = len(whole) // 3
    for number, (content, said) in enumerate(
        [
            (whole[:-50], "is damaged"),
            (b"", "is damaged"),
            (whole[:middle] + b"\xa5" * 500 + whole[middle + 500 :], "is damaged"),
            (None, "is not there"),
        ]
    ):
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(DeploymentError) as raised:
            export(journal_url, str(tmp_path / f"{number}.jsonl"), "jsonl", Span())
        assert f"{file}, of 60 requests, {said}" in str(raised.value) and "repair" not in str(raised.value)
    assert export(journal_url, str(tmp_path / "new.jsonl"), "jsonl", Span(time.time() - 2 * DAY)) == 3
    file.mkdir()
    with pytest.raises(DeploymentError, match="cannot be read: Is a directory"):
        export(journal_url, str(tmp_path / "all.jsonl"), "jsonl", Span())


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", range(8))
def test_wherever_it_is_cut_off_each_request_is_read_once(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every write to the disk, the journal or the archive is a step; the process ends before it, or after the last."""
    fill(journal_url, 10, 3)
    fill(journal_url, 2, 1, "new")
    before, left = everything(journal_url), [step]

    def dies(real: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*words: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*words, **named)

        return instead

    with monkeypatch.context() as patched:
        for name in ("_store", "insert", "update", "_manifest", "_remove", "delete"):
            patched.setattr(archive_module, name, dies(getattr(archive_module, name)))
        patched.setattr(parquet, "write", dies(parquet.write))
        with suppress(Killed):
            archived(journal_url, str(tmp_path))
    assert everything(journal_url) == before
    archived(journal_url, str(tmp_path))
    assert everything(journal_url) == before
    tidied(journal_url, str(tmp_path))
    assert everything(journal_url) == before and count(journal_url) == 6
    with connect(journal_url).connect() as connection:
        assert len(parts(connection)) == 1 and not parts(connection, kept=False)
    assert len(list(tmp_path.glob("requests*"))) == 2, "the file and its manifest"


def test_who_was_taken_for_dead_does_not_archive_twice(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(journal_url, 4, 3)
    real, others = archive_module._manifest, [True]

    def slow(*words: Any) -> bytes:
        if others:
            others.pop()
            assert archived(journal_url, str(tmp_path)) == 1  # another one, meanwhile
        return real(*words)

    before = everything(journal_url)
    monkeypatch.setattr(archive_module, "_manifest", slow)
    assert archived(journal_url, str(tmp_path)) == 0 and not others
    assert everything(journal_url) == before and len(list(tmp_path.glob("requests*"))) == 2


def test_who_was_taken_for_dead_does_not_keep_what_another_one_began(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite gives the number of a row that was removed to the next one."""
    fill(journal_url, 4, 3)
    real, before = archive_module._manifest, everything(journal_url)

    def killed(*_: Any) -> bytes:
        raise Killed

    def slow(*words: Any) -> bytes:
        with suppress(Killed), monkeypatch.context() as patched:
            patched.setattr(archive_module, "_manifest", killed)
            archived(journal_url, str(tmp_path))  # another one, meanwhile
        return real(*words)

    with monkeypatch.context() as patched:
        patched.setattr(archive_module, "_manifest", slow)
        assert archived(journal_url, str(tmp_path)) == 0
    with connect(journal_url).connect() as connection:
        assert not parts(connection) and len(parts(connection, kept=False)) == 1
    assert archived(journal_url, str(tmp_path)) == 1 and everything(journal_url) == before


def test_requests_of_a_time_to_come_keep_no_older_ones_back(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_REQUESTS", 2)
    fill(journal_url, 5, -30, "ahead")
    fill(journal_url, 4, 3)
    fill(journal_url, 2, -30, "last")
    fill(journal_url, 1, 1, "new")
    before = everything(journal_url)
    assert archived(journal_url, str(tmp_path)) == 5 and everything(journal_url) == before
    tidied(journal_url, str(tmp_path))
    assert count(journal_url) == 9 and everything(journal_url) == before


def test_what_is_too_much_goes_to_files_the_oldest_first(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_REQUESTS", 10)
    fill(journal_url, 100, 1)
    with connect(journal_url).begin() as connection:
        more = [request(f"large-{number}", when=time.time() - 100) for number in range(100)]
        add(connection, [one._replace(inputs=json.dumps([{"x": "x" * 20_000}])) for one in more])
    fill(journal_url, 1, 0, "new")
    assert 5 < archived(journal_url, str(tmp_path), None, 1_000_000) <= 20
    assert archived(journal_url, str(tmp_path), None, 1_000_000) <= 1
    assert len(everything(journal_url)) == 403


def test_of_small_requests_no_more_goes_than_is_too_much_with_all_that_belongs_to_them(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_REQUESTS", 50)
    with connect(journal_url).begin() as connection:
        add(connection, [request(f"{number:036}", when=time.time() - 100) for number in range(1_000)])
        row = {"row": 0, "label": "1", "time": 1.0}
        connection.execute(insert(labels), [row | {"request_id": f"{number:036}"} for number in range(1_000)])
    with connect(journal_url).connect() as connection:
        most = int(used(connection) * 0.7)
    assert 290 <= 50 * archived(journal_url, str(tmp_path), None, most) <= 350
    assert archived(journal_url, str(tmp_path), None, most) == 0, "what is archived will go"
    tidied(journal_url, str(tmp_path))
    assert 50 * archived(journal_url, str(tmp_path), None, most) <= 150
    assert len(everything(journal_url)) == 1_000


def test_an_archive_may_be_wherever_fsspec_reaches(journal_url: str) -> None:
    fill(journal_url, 4, 3)
    before, folder = everything(journal_url), "memory://archive/of house"
    assert archived(journal_url, folder) == 1 and everything(journal_url) == before
    files, path = filesystem(folder)
    assert len(files.ls(path)) == 2


@pytest.mark.slow
def test_an_archive_on_s3_and_an_export_to_it(journal_url: str, as_owner: ObjectStore) -> None:
    fill(journal_url, 4, 3)
    fill(journal_url, 1, 1, "new")
    before, folder = everything(journal_url), as_owner.new_folder()
    assert archived(journal_url, folder) == 1
    tidied(journal_url, folder)
    assert everything(journal_url) == before and count(journal_url) == 3 and len(as_owner.keys(folder)) == 2
    assert export(journal_url, f"{folder}/all.jsonl", "jsonl", Span()) == 15


def test_an_archive_is_known_after_a_repair(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    create(sqlite_url(file))
    fill(sqlite_url(file), 4, 3)
    fill(sqlite_url(file), 1, 1, "new")
    before = everything(sqlite_url(file))
    archived(sqlite_url(file), str(tmp_path))
    tidied(sqlite_url(file), str(tmp_path))
    assert "1 archives saved" in [str(one) for one in salvage(file, tmp_path / "mended.db")]
    assert everything(sqlite_url(tmp_path / "mended.db")) == before


@pytest.mark.parametrize("lost", ["requests", "labels"])
def test_what_comes_after_a_repair_is_not_taken_for_archived_though_the_newest_rows_are_lost(
    tmp_path: Path, lost: str
) -> None:
    file, mended = tmp_path / "journal.db", sqlite_url(tmp_path / "mended.db")
    create(sqlite_url(file))
    fill(sqlite_url(file), 30, 3)
    archived(sqlite_url(file), str(tmp_path))
    tidied(sqlite_url(file), str(tmp_path))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (lost,)).fetchone()
    overwrite(file, page)
    salvage(file, tmp_path / "mended.db")
    fill(mended, 20, 1, "new")
    label(mended, "old-3", 1, '"late"')
    for _ in range(2):
        found = {(one.predicted.request_id, one.predicted.row): one.label for one in everything(mended)}
        assert len(found) == 150 and found["old-3", 1] == "late" and found["old-3", 0] == found["new-3", 0] == "yes"
        tidied(mended, str(tmp_path))
    assert count(mended) == 60
    archived(mended, str(tmp_path), days=0.5)
    assert len(everything(mended)) == 150


def test_a_repair_does_not_count_again_what_one_before_it_lost(tmp_path: Path) -> None:
    write_journal(tmp_path / "1.db", 300)
    for number in (1, 2):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as connection:
            connection.execute("UPDATE requests SET answers = '[{' WHERE id IN (?, 300)", (number,))
            connection.commit()
        saved = salvage(tmp_path / f"{number}.db", tmp_path / f"{number + 1}.db")
        assert [one.lost for one in saved if one.table == "requests"] == [3 - number]


@pytest.mark.parametrize("any_journal", ["sqlite", "postgresql"][: tries(1, 2)], indirect=True)
def test_it_is_done_in_a_process_of_its_own_and_outlives_kills(any_journal: str, tmp_path: Path) -> None:
    fill(any_journal, 60, 3)
    before = everything(any_journal)
    told = {"url": any_journal, "folder": str(tmp_path), "before": time.time() - DAY, "most_bytes": None}
    for number in range(tries(2, 30)):
        child = subprocess.Popen([sys.executable, "-m", archiving.__name__], cwd=ROOT, stdin=subprocess.PIPE)
        assert child.stdin is not None
        child.stdin.write(json.dumps(told | {"parent": os.getpid()}).encode())
        child.stdin.close()
        if number < tries(1, 29):
            time.sleep(tries(1, number) * 0.05 + 0.5)
            child.send_signal(signal.SIGKILL)
        child.wait(60)
        assert everything(any_journal) == before
    assert child.returncode == 0
    tidied(any_journal, str(tmp_path))
    assert everything(any_journal) == before and count(any_journal) == 3


def test_the_service_archives_by_itself_and_says_what_it_cannot(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill(journal_url, 4, 3)
    fill(journal_url, 1, 1, "new")
    (tmp_path / "none").write_text("")
    spec = JournalSpec(archive=str(tmp_path / "none" / "requests"), keep_days=2)
    one = Maintenance(journal_url, spec, "w", grace=0.0)
    one.look()
    assert archiving.NO_PYARROW in caplog.text and count(journal_url) == 15
    monkeypatch.setattr(archiving, "has_pyarrow", lambda: True)
    again = archiving.Archiving(journal_url, spec, pause=0.0)
    again.look(lambda: True)
    assert f"the archive's folder {tmp_path}/none/requests cannot be made: Not a directory" in caplog.text
    (tmp_path / "none").unlink()
    again.look(lambda: True)
    one.look()
    one.stop()
    assert count(journal_url) == 3 and len(everything(journal_url)) == 15


def test_a_process_that_cannot_be_started_is_said_and_retention_goes_on(
    journal_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        attempts.append(1)
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    attempts, divisor = list[int](), [1]
    monkeypatch.setattr(archiving, "has_pyarrow", lambda: True)
    monkeypatch.setattr(subprocess, "Popen", refused)
    one = Maintenance(
        journal_url, JournalSpec(archive="/archive", keep_days=1), "w", lambda: 1 / divisor[0] > 0, pause=0.01
    )
    one.start()
    until(lambda: len(attempts) > 2)
    assert caplog.text.count("no process can be started: Resource temporarily unavailable") == 1
    divisor[0] = 0  # a defect
    until(lambda: "a look for what is old in the journal broke" in caplog.text)
    divisor[0] = 1
    before = len(attempts)
    until(lambda: len(attempts) > before)
    one.stop()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nobody_waits_for_a_process_that_is_to_end(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> bool:
        raise OperationalError("update leases", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(archiving, "has_pyarrow", lambda: True)
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 20\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    began = time.monotonic()
    one = archiving.Archiving(journal_url, JournalSpec(archive="/archive", keep_days=1))
    with pytest.raises(OperationalError):
        one.look(locked)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("archive", "said"),
    [("relative/folder", "from the root on"), ("gs://user:secret@bucket/x", "does not belong into a URL")],
)
def test_an_archive_that_cannot_be_is_refused(archive: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        JournalSpec(archive=archive, keep_days=1)
    with pytest.raises(ValidationError, match="keep_days or max_bytes"):
        JournalSpec(archive="/archive")


def test_numbers_go_up_though_all_is_archived(journal_url: str, tmp_path: Path) -> None:
    fill(journal_url, 3, 3)
    archived(journal_url, str(tmp_path))
    tidied(journal_url, str(tmp_path))
    fill(journal_url, 2, 3, "more")
    assert len(everything(journal_url)) == 15
    with connect(journal_url).connect() as connection:
        assert connection.execute(select(func.max(requests.c.id))).scalar() == 5
