"""Commits that a database was sent, and whose answer never came: what they wrote is there, or is not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from schemas.journal_spec import JournalSpec
from serving.journal.engine import connect
from serving.journal.inline import Inline
from serving.journal.losses import Losses
from serving.journal.outcome import JournalError, Outcome
from serving.journal.predictions import count
from serving.journal.transaction import commit
from serving.journal.waiting import Entry
from serving.journal.writer import Journal
from tests.serving.journal.owing import files, take_over, totals
from tests.serving.journal.requests import request

DROP = JournalSpec(policy="drop", queue=20)


@pytest.mark.parametrize("is_noted", [True, False])
def test_what_was_committed_though_nobody_heard_of_it_is_not_lost_when_the_service_is_stopped(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_noted: bool
) -> None:
    calls, folder = list[int](), tmp_path / "owed" if is_noted else None

    def cut_off(*entries: Any, **how: Any) -> JournalError:
        calls.append(len(entries[1]))
        if len(calls) == 1:
            commit(*entries, **how)
        return JournalError("server closed the connection", is_certain=len(calls) > 1)

    with monkeypatch.context() as patch:
        patch.setattr("serving.journal.writer.commit", cut_off)
        patch.setattr(Inline, "add", lambda *_: None)  # as in PostgreSQL
        journal = Journal(connect(journal_url), DROP, 0.05, folder=folder)
        asyncio.run(journal.write(request("a", 3)))
        asyncio.run(journal.write(request("b", 3)))
        journal.close()
    assert calls[0] == 1 and count(journal_url) == 3
    if folder is None:
        assert journal.losses.requests == {("1", "closed"): 2}
        return
    assert "1 answered requests may not be in the journal" in caplog.text
    assert take_over(journal_url, folder) == [] and files(folder) == []
    assert totals(journal_url) == {("1", "closed"): (1, 3)}


@pytest.mark.parametrize(
    ("dialect", "when", "is_certain"),
    [("postgresql", "commit", False), ("postgresql", "begin", True), ("sqlite", "commit", True)],
)
def test_only_a_commit_of_another_process_may_have_come_through_though_it_failed(
    journal_url: str, monkeypatch: pytest.MonkeyPatch, dialect: str, when: str, is_certain: bool
) -> None:
    engine = connect(journal_url)

    def away(_: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    async def once() -> Outcome:
        loop = asyncio.get_running_loop()
        return commit(engine, [Entry(request("a"), None, 1, loop.create_future(), loop)], Losses())

    with engine.connect():  # its dialect is set up
        monkeypatch.setattr(engine.dialect, "name", dialect)
        event.listen(engine, when, away)
    outcome = asyncio.run(once())
    assert isinstance(outcome, JournalError) and outcome.is_certain is is_certain
