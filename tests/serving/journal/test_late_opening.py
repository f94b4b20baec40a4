"""A journal that is away when its service starts: nobody reads or writes it before it is what it must be."""

import asyncio
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from schemas.errors import DeploymentError
from serving.journal.inline import Inline
from serving.journal.integrity import Integrity
from serving.journal.late_opening import LateOpening
from serving.journal.location import sqlite_url
from serving.journal.schema import requests
from serving.journal.tables import create, format_of
from tests.serving.journal.requests import request

FORMAT_2 = "UPDATE journal_format SET version = 2; ALTER TABLE requests DROP COLUMN flags;"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    create(sqlite_url(tmp_path / "journal.db"))
    return tmp_path / "journal.db"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let nobody else read or write a journal's file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.executescript("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE removed SET rows = rows;")
        yield


@pytest.fixture
def opening(file: Path) -> Iterator[LateOpening]:
    one = LateOpening(sqlite_url(file), Integrity(sqlite_url(file), "house"), pause=0.02, at_once=0.3)
    yield one
    one.stop()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_journal_that_answers_is_open_at_once(opening: LateOpening) -> None:
    engine = opening.engine("NORMAL", 0.1, may_be_away=True)
    assert opening.why is None
    engine.connect().close()


def test_a_journal_that_was_locked_is_completed_before_anybody_has_it(opening: LateOpening, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(FORMAT_2)
    with locked(file):
        began = time.monotonic()
        engine = opening.engine("NORMAL", 0.1, may_be_away=True)
        with pytest.raises(OperationalError, match=r"has not answered yet|database is locked"):
            engine.connect()
        inline = Inline(engine)
        assert time.monotonic() - began < 2.0
    until(lambda: opening.why is None)
    with engine.connect() as connection:
        assert format_of(connection) == 3
        assert "flags" in {one["name"] for one in inspect(connection).get_columns(requests.name)}
    inline.close()


def test_a_file_that_is_not_there_is_not_made_and_is_used_once_it_is_back(opening: LateOpening, file: Path) -> None:
    aside = file.rename(file.with_suffix(".aside"))
    engine = opening.engine("NORMAL", 0.1, may_be_away=True)
    assert opening.why == "its file is not there" and not file.exists()
    aside.rename(file)
    until(lambda: opening.why is None)
    engine.connect().close()


def test_a_journal_of_a_later_format_is_refused_at_the_start_and_left_alone_later(
    opening: LateOpening, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("UPDATE journal_format SET version = 99")
    with pytest.raises(DeploymentError, match="is of format 99"):
        opening.engine("NORMAL", 0.1, may_be_away=True)
    aside = file.rename(file.with_suffix(".aside"))
    late = LateOpening(sqlite_url(file), Integrity(sqlite_url(file), "house"), pause=0.02)
    engine = late.engine("NORMAL", 0.1, may_be_away=True)
    aside.rename(file)
    until(lambda: "is of format 99" in str(late.why))
    with pytest.raises(OperationalError, match="is of format 99"):
        engine.connect()
    late.stop()
    assert "is of format 99" in caplog.text


def test_a_damaged_journal_is_not_opened(opening: LateOpening, file: Path) -> None:
    with file.open("r+b") as content:
        content.write(b"no database at all")
    engine = opening.engine("NORMAL", 0.1, may_be_away=True)
    assert "is damaged" in str(opening.why)
    with pytest.raises(OperationalError, match="is damaged"):
        engine.connect()


def test_one_that_may_not_be_away_is_an_error(file: Path) -> None:
    file.unlink()
    url = "postgresql+psycopg://me:secret@127.0.0.1:1/house"
    with pytest.raises(DeploymentError, match="cannot be created") as raised:
        LateOpening(url, Integrity(url, "house")).engine("NORMAL", 0.1, may_be_away=False)
    assert "secret" not in str(raised.value)


@pytest.mark.slow
def test_a_server_that_says_nothing_holds_up_no_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://me@127.0.0.1:{silent.getsockname()[1]}/house"
        began = time.monotonic()
        opening = LateOpening(url, Integrity(url, "house"), at_once=0.1)
        engine = opening.engine("NORMAL", 0.1, may_be_away=True)
        with pytest.raises(OperationalError, match="has not answered yet"):
            engine.connect()
        assert time.monotonic() - began < 2.0
        opening.stop()


async def _committed(inline: Inline) -> bool:
    for _ in range(200):
        done = inline.add(request("a"))
        if done is not None:
            return await done
        await asyncio.sleep(0.01)
    return False


def test_the_loop_commits_once_the_journal_is_open(opening: LateOpening, file: Path) -> None:
    aside = file.rename(file.with_suffix(".aside"))
    inline = Inline(opening.engine("NORMAL", 0.1, may_be_away=True), again=0.01)
    aside.rename(file)
    until(lambda: opening.why is None)
    assert asyncio.run(_committed(inline))
    inline.close()
