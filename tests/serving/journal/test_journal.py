"""Writing and reading the journal."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from serving.journal.engine import connect
from serving.journal.insertion import Request, add
from serving.journal.labels import Label
from serving.journal.location import sqlite_url
from serving.journal.outcome import JournalError
from serving.journal.predictions import count, window
from serving.journal.schema import requests
from serving.journal.tables import create
from serving.journal.writer import Journal
from serving.process.settings import Settings
from tests.serving.journal.requests import request


def write(url: str, *requests: Request) -> list[BaseException | None]:
    engine = connect(url, lock_timeout=0.2)
    journal = Journal(engine)

    async def all_at_once() -> list[BaseException | None]:
        return await asyncio.gather(*map(journal.write, requests), return_exceptions=True)

    try:
        return asyncio.run(all_at_once())
    finally:
        journal.close()
        engine.dispose()


def test_a_prediction_is_committed_when_write_returns(any_journal: str) -> None:
    engine = connect(any_journal)
    journal = Journal(engine)

    async def scenario() -> int:
        await journal.write(request("a"))
        return count(any_journal)  # through a connection of its own: it sees only what is committed

    assert asyncio.run(scenario()) == 1
    journal.close()


def test_many_requests_share_commits_and_each_is_there_once(any_journal: str) -> None:
    assert write(any_journal, *[request(str(one)) for one in range(500)]) == [None] * 500
    assert sorted(window(any_journal).request_ids, key=int) == [str(one) for one in range(500)]


@pytest.mark.parametrize("count_of", [1, 31, 32, 33, 100])
def test_requests_of_one_commit_are_there_as_they_were_sent(any_journal: str, count_of: int) -> None:
    sent = [
        request(str(one), 1 + one % 3)._replace(numbers=b"\0\xff" if one % 2 else None, for_review=one)
        for one in range(count_of)
    ]
    engine = connect(any_journal)
    with engine.begin() as connection:
        add(connection, sent)
        query = select(*(requests.c[name] for name in Request._fields)).order_by(requests.c.id)
        assert [tuple(row) for row in connection.execute(query)] == [tuple(one) for one in sent]
    engine.dispose()


def test_a_request_that_cannot_be_written_harms_no_other_of_its_group(any_journal: str) -> None:
    outcome = write(any_journal, request("a"), request("a"), request("b"))
    assert [isinstance(one, JournalError) for one in outcome].count(True) == 1
    assert sorted(window(any_journal).request_ids) == ["a", "b"]


def test_a_locked_journal_is_an_error_and_not_an_acknowledgement(journal_url: str) -> None:
    other = connect(journal_url)
    with other.connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        (outcome,) = write(journal_url, request("a"))
    assert isinstance(outcome, JournalError) and count(journal_url) == 0


def test_what_nobody_waits_for_any_more_is_not_written(journal_url: str) -> None:
    engine = connect(journal_url, lock_timeout=20)
    journal = Journal(engine)

    async def scenario(holder: Connection) -> None:
        label = Label("a", 0, '"yes"', 0.0)
        waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(journal.write(request(one))) for one in "ab"]
        waiting += [
            asyncio.ensure_future(journal.label(label)),
            asyncio.ensure_future(journal.write(request("c"))),
        ]
        await asyncio.wait(waiting, timeout=0.1)
        for one in waiting[:3]:
            one.cancel()
        holder.rollback()
        await waiting[3]

    with connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        asyncio.run(scenario(holder))
        journal.close()
        assert window(journal_url).request_ids == ["c"]
        assert holder.exec_driver_sql("SELECT count(*) FROM labels").scalar() == 0


def test_while_the_journal_is_locked_a_group_waits_once_and_not_each_request_alone(journal_url: str) -> None:
    engine = connect(journal_url, lock_timeout=0.2)
    begun: list[str] = []
    event.listen(engine, "begin", lambda connection: begun.append("begun"))
    journal = Journal(engine)

    async def scenario() -> list[BaseException | None]:
        return await asyncio.gather(*(journal.write(request(str(one))) for one in range(9)), return_exceptions=True)

    with connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        outcome = asyncio.run(scenario())
    journal.close()
    assert [type(one) for one in outcome] == [JournalError] * 9 and len(begun) <= 2, "those that came while it waited"


def test_two_waits_for_the_journal_end_before_the_deadline() -> None:
    for deadline in (0.5, 10.0, 60.0):
        config = Settings(model="m", journal_url="", cache=Path(), spec=DeploySpec(deadline=deadline))
        assert 2 * config.lock_timeout < deadline and config.lock_timeout <= 5


def test_a_window_is_the_newest_rows_in_order_of_time(any_journal: str) -> None:
    write(any_journal, request("old"), request("a", 10))
    latest = window(any_journal, rows=3)
    assert latest.rows == [7, 8, 9] and latest.inputs[0] == {"größe": 7} and len(latest) == 3
    assert latest.records[0]["label"] == "yes" and latest.needs_review == [False] * 3


def test_a_window_can_be_a_span_of_time_and_one_version(any_journal: str) -> None:
    for one in (request("old", when=time.time() - 100), request("new"), request("other", version="2")):
        write(any_journal, one)
    assert window(any_journal, seconds=50).request_ids == ["new", "other"]
    assert window(any_journal, seconds=50, version="1").request_ids == ["new"]
    assert count(any_journal, "2") == 1


def test_a_window_of_nothing_is_empty(any_journal: str) -> None:
    assert len(window(any_journal, rows=10)) == 0


def test_a_journal_that_is_not_there_is_an_error_and_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="no journal"):
        window(sqlite_url(tmp_path / "none.db"), rows=1)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(("asked", "answer"), [("NORMAL", 1), ("FULL", 2)])
def test_sqlite_runs_in_wal_mode_with_the_synchronous_asked_for(journal_url: str, asked: str, answer: int) -> None:
    with connect(journal_url, asked).connect() as connection:  # type: ignore[arg-type]
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == answer


def test_creating_a_journal_twice_keeps_what_is_in_it(any_journal: str) -> None:
    write(any_journal, request("a"))
    create(any_journal)
    assert count(any_journal) == 1
