"""What the event loop commits itself, and when it leaves that to the journal's thread."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from serving.journal.checkpoints import Checkpoints
from serving.journal.engine import connect
from serving.journal.inline import Inline
from serving.journal.location import sqlite_url
from serving.journal.outcome import JournalError
from serving.journal.predictions import count
from serving.journal.tables import create
from serving.journal.writer import Journal
from tests.serving.journal.requests import request


@pytest.fixture
def file(tmp_path: Path) -> Path:
    create(sqlite_url(tmp_path / "journal.db"))
    return tmp_path / "journal.db"


@pytest.fixture
def engine(file: Path) -> Engine:
    return connect(sqlite_url(file))


async def ask(inline: Inline, *names: str) -> list[bool | None]:
    futures = [inline.add(request(name)) for name in names]
    return [None if one is None else await one for one in futures]


def test_what_comes_in_one_turn_is_committed_when_its_future_says_so(engine: Engine, file: Path) -> None:
    inline = Inline(engine)
    assert asyncio.run(ask(inline, "a", "b", "c")) == [True] * 3
    assert asyncio.run(ask(inline, "d")) == [True]  # another loop
    assert count(sqlite_url(file)) == 4
    inline.close()
    inline.close()
    assert asyncio.run(ask(inline, "e")) == [None]


def test_while_somebody_else_writes_the_loop_tries_again_and_then_leaves_it(engine: Engine, file: Path) -> None:
    inline = Inline(engine)

    async def meet(seconds: float, name: str) -> list[bool | None]:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(seconds, other.execute, "COMMIT")
            return await ask(inline, name)

    assert asyncio.run(meet(0.002, "a")) == [True]
    assert asyncio.run(meet(0.5, "b")) == [False]
    assert count(sqlite_url(file)) == 1
    inline.close()


def test_the_thread_writes_what_the_loop_could_not(engine: Engine, file: Path) -> None:
    journal = Journal(engine)

    async def write() -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(0.1, other.execute, "COMMIT")
            await asyncio.gather(*(journal.write(request(name)) for name in "abc"))

    asyncio.run(write())
    assert count(sqlite_url(file)) == 3
    journal.close()


class Turns:
    """Counts who waits for a commit alone, and who does not any more."""

    def __init__(self) -> None:
        self.went = self.came = 0

    def commits(self) -> None:
        self.went += 1

    def came_back(self) -> None:
        self.came += 1


def test_only_who_waits_for_the_thread_waits_for_its_commit_alone(engine: Engine, file: Path) -> None:
    journal, inline, turns = Journal(engine), Turns(), Turns()

    async def write() -> None:
        await journal.write(request("a"), inline)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = [asyncio.ensure_future(journal.write(request(name), turns)) for name in "bcd"]
            await asyncio.sleep(0.05)
            waiting[0].cancel()
            await asyncio.sleep(0.01)
            assert (turns.went, turns.came) == (3, 1)
            other.execute("COMMIT")
            await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(write())
    assert (inline.went, inline.came) == (0, 0) and (turns.went, turns.came) == (3, 3)
    journal.close()


def test_a_request_that_the_journal_does_not_take_harms_no_other_of_its_turn(engine: Engine, file: Path) -> None:
    journal = Journal(engine)

    async def write() -> list[BaseException | None]:
        asked = (journal.write(request(name)) for name in ("a", "b", "a", "c"))
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(one) for one in asyncio.run(write())].count(type(None)) == 3
    assert count(sqlite_url(file)) == 3
    with pytest.raises(JournalError):
        asyncio.run(journal.write(request("b")))
    journal.close()


def test_a_request_that_nobody_waits_for_any_more_is_not_written(engine: Engine, file: Path) -> None:
    inline = Inline(engine)

    async def go_away() -> None:
        gone, stays = inline.add(request("a")), inline.add(request("b"))
        assert gone is not None and stays is not None
        gone.cancel()
        assert await stays

    asyncio.run(go_away())
    assert count(sqlite_url(file)) == 1
    inline.close()


def test_slow_disks_large_requests_and_disks_that_are_waited_for_are_the_threads(engine: Engine, file: Path) -> None:
    slow = Inline(engine, slow=0.0)
    assert asyncio.run(ask(slow, "a")) + asyncio.run(ask(slow, "b")) == [True, None]
    slow.close()
    inline = Inline(engine)
    large = request("c")._replace(inputs=f'[{{"größe": "{"x" * 100_000}"}}]')

    async def add() -> bool:
        return inline.add(large) is None

    assert asyncio.run(add())
    inline.close()
    full = Inline(connect(sqlite_url(file), "FULL"))
    assert asyncio.run(ask(full, "d")) == [None]
    full.close()


def test_a_file_that_is_no_journal_is_the_threads(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"\xa5" * 8192)
    broken = Inline(connect(sqlite_url(tmp_path / "journal.db")))
    assert asyncio.run(ask(broken, "a")) == [None]
    broken.close()


def test_the_log_begins_anew_while_requests_are_written(engine: Engine, file: Path) -> None:
    checkpoints = Checkpoints(engine, every=100_000)
    log = file.with_name(f"{file.name}-wal")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("CREATE TABLE more (text TEXT)")
        for _ in range(100):
            writer.execute("INSERT INTO more VALUES (?)", ("x" * 20_000,))
            checkpoints.grew(20_000)
            time.sleep(0.001)
        assert log.stat().st_size < 1_500_000  # of more than 2,000,000
    checkpoints.close()


def test_the_log_of_many_small_commits_stays_small(engine: Engine, file: Path) -> None:
    journal = Journal(engine)

    async def write() -> None:
        for number in range(2_000):
            await journal.write(request(f"request-{number:06}"))

    asyncio.run(write())
    assert file.with_name(f"{file.name}-wal").stat().st_size < 12_000_000  # of more than 20,000,000
    journal.close()
    assert count(sqlite_url(file)) == 2_000
