"""When what workers that are gone owed the journal is counted, and what is in the way of that."""

import asyncio
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import insert

from schemas.journal_spec import JournalSpec
from serving.journal import takeover
from serving.journal.engine import connect
from serving.journal.insertion import add
from serving.journal.loss import Loss
from serving.journal.outcome import JournalError
from serving.journal.owed_folder import Left
from serving.journal.schema import losses
from serving.journal.tables import create
from serving.journal.takeover import begin
from serving.journal.writer import Journal
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server
from tests.serving.journal.owing import files, killed, take_over, totals
from tests.serving.journal.requests import request
from tests.serving.journal.test_owed import DROP, hold, sent, until

LOSS = Loss(1e9, 1e9, "1", 1, 1, "full")


def raising(error: BaseException) -> Callable[..., Any]:
    def broken(*_: object, **__: object) -> None:
        raise error

    return broken


def test_an_error_of_the_system_sets_nothing_aside_and_what_is_left_is_counted_later(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(takeover, "_AGAIN", 0.0)
    killed(tmp_path, hold("a"), journal_url)
    found: list[Loss] = []
    _, taking = begin(connect(journal_url), tmp_path, None)
    for error in (
        OSError(errno.EMFILE, "Too many open files"),
        OSError(errno.EIO, "Input/output error"),
        MemoryError(),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(os, "dup", raising(error))
            taking.attempt(found.append)
            taking.attempt(found.append)
        assert taking.is_pending and caplog.text.count(str(error) or "MemoryError") == 1
    taking.attempt(found.append)
    assert [one.requests for one in found] == [1] and files(tmp_path) == []


def test_what_cannot_be_removed_is_counted_once_and_said_once(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(takeover, "_LOOK", 0.0)
    killed(tmp_path, hold("a"), journal_url)
    killed(tmp_path, hold("b"), journal_url)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", raising(PermissionError(errno.EACCES, "Permission denied")))
        found: list[Loss] = []
        _, taking = begin(connect(journal_url), tmp_path, None)
        taking.attempt(found.append)
        taking.attempt(found.append)
        assert not taking.is_pending and len(found) == 2
    assert caplog.text.count("cannot be removed") == 1 and len(files(tmp_path)) == 2
    assert take_over(journal_url, tmp_path) == [] and files(tmp_path) == []


def test_a_worker_that_lives_counts_what_others_leave_once_the_journal_is_back(
    journal_url: str, tmp_path: Path
) -> None:
    engine = connect(journal_url, lock_timeout=0.05)
    leaving, living = (Journal(engine, DROP, 0.05, folder=tmp_path) for _ in range(2))
    with connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        asyncio.run(sent(living, 1))
        asyncio.run(sent(leaving, 30))
        leaving.close()
    until(lambda: sum(one[0] for one in totals(journal_url).values()) == 30)
    until(lambda: len(files(tmp_path)) == 1)
    living.close()
    assert files(tmp_path) == []


def test_a_worker_that_hears_nothing_looks_for_what_others_leave_now_and_then(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_LOOK", 0.05)
    living = Journal(connect(journal_url), JournalSpec(), folder=tmp_path)
    killed(tmp_path, hold("a"), journal_url)
    until(lambda: totals(journal_url) == {("1", "killed"): (1, 3)})
    living.close()


def test_who_waits_for_the_journal_does_not_wait_for_what_others_left(journal_url: str, tmp_path: Path) -> None:
    killed(tmp_path, hold("a"), journal_url)
    engine = connect(journal_url)
    _, taking = begin(engine, tmp_path, None)
    with connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        began = time.monotonic()
        taking.attempt(print)
        assert time.monotonic() - began < 1.0  # and not the 5 seconds of a commit
        holder.rollback()
    taking.heard(JournalError("database is locked"))
    taking.attempt(print)
    assert taking.is_pending  # a commit has just failed
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5_000


def test_a_file_that_cannot_be_opened_keeps_no_other_from_being_counted(
    journal_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    killed(tmp_path, hold("a"), journal_url)
    (tmp_path / "0.owed").mkdir()
    assert len(take_over(journal_url, tmp_path)) == 1 and "cannot be looked for" in caplog.text


def test_between_two_files_it_is_the_turn_of_those_who_wait(journal_url: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        killed(tmp_path, hold(name), journal_url)
    _, taking = begin(connect(journal_url), tmp_path, None)
    taking.attempt(print, waiting=lambda: 1)
    assert taking.is_pending and len(files(tmp_path)) == 1
    taking.attempt(print, waiting=lambda: 1)
    assert not taking.is_pending


def test_a_file_that_cannot_be_read_goes_behind_the_others_though_requests_wait(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_AGAIN", 0.0)
    for name in ("a", "b", "c"):
        killed(tmp_path, hold(name), journal_url)
    bad, content = files(tmp_path)[-1], Left.content
    monkeypatch.setattr(Left, "content", lambda one: raising(OSError(5, "EIO"))() if one.path == bad else content(one))
    found: list[Loss] = []
    _, taking = begin(connect(journal_url), tmp_path, None)
    for _ in range(4):
        taking.attempt(found.append, waiting=lambda: 1)
    assert len(found) == 2 and files(tmp_path) == [bad] and taking.is_pending


def test_a_key_that_somebody_else_is_writing_damages_no_file(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_AGAIN", 0.0)
    killed(tmp_path, hold("a"), journal_url)
    again = files(tmp_path)[0].read_bytes()
    path = files(tmp_path)[0]
    assert len(take_over(journal_url, tmp_path)) == 1
    path.write_bytes(again)
    _, taking = begin(connect(journal_url), tmp_path, None)
    with monkeypatch.context() as patch:
        patch.setattr(takeover, "_known", lambda *_: set())  # as before the other's commit
        taking.attempt(print)
        assert taking.is_pending and files(tmp_path) == [path]
    taking.attempt(raising(AssertionError("it is counted already")))
    assert files(tmp_path) == [] and totals(journal_url) == {("1", "killed"): (1, 3)}


@pytest.fixture
def in_postgresql(postgresql: Server) -> Iterator[str]:
    postgresql.execute("DROP DATABASE IF EXISTS journal WITH (FORCE)", "CREATE DATABASE journal")
    url = f"postgresql+psycopg://{OWNER}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgresql.port}/journal"
    create(url)
    yield url


@pytest.mark.slow
def test_what_the_database_still_commits_for_a_worker_that_is_gone_is_waited_for(
    in_postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(takeover, "_AGAIN", 0.0)

    def owes(owed: Any) -> None:
        hold("a", "b", "c")(owed)
        owed.count("ab" * 16, LOSS, request("d", 1, "1"), waits=False)

    killed(tmp_path, owes, in_postgresql)
    engine, found = connect(in_postgresql), list[Loss]()
    _, taking = begin(engine, tmp_path, None)
    with engine.connect() as dying, engine.connect() as living:
        add(dying, [request("a", 3)])
        dying.execute(insert(losses), [{"key": "ab" * 16, **LOSS._asdict()}])
        for _ in range(2):
            taking.attempt(found.append)
        assert taking.is_pending and found == [] and [one.suffix for one in files(tmp_path)] == [".owed"]
        assert caplog.text.count("is counted later: what was begun before") == 1

        add(living, [request("e", 3)])  # one that begins later is not waited for
        dying.commit()
        taking.attempt(found.append)
    assert [one.requests for one in found] == [2] and files(tmp_path) == []
    assert totals(in_postgresql) == {("1", "killed"): (2, 6), ("1", "full"): (1, 1)}
