"""While the journal takes nothing: who waits, who is answered, and whether what is lost is counted to the request."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import Connection, Engine, event, select

from schemas.journal_spec import JournalSpec
from serving.journal.engine import Synchronous, connect
from serving.journal.held import missing
from serving.journal.insertion import RoutedKey, Row, Shadowed, Unanswered, add
from serving.journal.labels import Label
from serving.journal.location import sqlite_url
from serving.journal.losses import Gone, Losses
from serving.journal.lost import lost, lost_beside
from serving.journal.outcome import JournalError, JournalFull, Outcome
from serving.journal.predictions import count, window
from serving.journal.schema import routed_keys, unanswered
from serving.journal.tables import create
from serving.journal.transaction import commit
from serving.journal.waiting import Entry
from serving.journal.writer import Journal
from tests.ml.io.database.postgresql import Server
from tests.serving.journal.requests import request
from tests.small_disk import mounted
from tests.soak import count as tries

_PATIENCE = 0.2
BLOCK, DROP = JournalSpec(queue=40), JournalSpec(policy="drop", queue=40)
NO_LIMIT = 2**30
LABEL = Label("a", 0, "1", 0.0)


class Disk:
    """A disk for a SQLite journal that may become full: SQLite says then what it says of a full disk.

    It knows the connections that the engine lends, and not that of the event loop: with FULL there is none.
    """

    def __init__(self, engine: Engine) -> None:
        self.pages = NO_LIMIT
        event.listen(engine, "checkout", self._limit)

    def _limit(self, connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={self.pages}")


@contextmanager
def opened(url: str, spec: JournalSpec, synchronous: Synchronous = "NORMAL") -> Iterator[tuple[Journal, Disk]]:
    engine = connect(url, synchronous, lock_timeout=0.1)
    disk = Disk(engine) if engine.dialect.name == "sqlite" else Disk(connect("sqlite://"))
    journal = Journal(engine, spec, _PATIENCE)
    try:
        yield journal, disk
    finally:
        journal.close()
        engine.dispose()


async def send(journal: Journal, names: list[str]) -> list[str]:
    """Return those that were acknowledged."""
    outcomes = await asyncio.gather(*(journal.write(request(name, 3)) for name in names), return_exceptions=True)
    assert all(one is None or isinstance(one, JournalError) for one in outcomes), outcomes
    return [name for name, outcome in zip(names, outcomes, strict=True) if outcome is None]


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def is_caught_up(journal: Journal) -> bool:
    return journal.away is None and not journal.room.requests and not journal.losses.are_pending


def requests_lost(url: str) -> int:
    return sum(one.requests for one in lost(url, 0.0))


async def through_a_full_disk(journal: Journal, disk: Disk) -> list[str]:
    answered = await send(journal, [f"before {number}" for number in range(20)])
    disk.pages = 1  # SQLite takes what it has
    for turn in range(30):
        answered += await send(journal, [f"{turn} {number}" for number in range(8)])
    disk.pages = NO_LIMIT
    await until(lambda: is_caught_up(journal))
    return answered + await send(journal, ["after"])


def test_with_a_full_disk_answers_go_on_and_what_is_lost_is_counted_to_the_request(journal_url: str) -> None:
    with opened(journal_url, DROP, "FULL") as (journal, disk):
        answered = asyncio.run(through_a_full_disk(journal, disk))
        kept = set(window(journal_url).request_ids)
        assert len(answered) == 261 and {"before 3", "after"} <= kept
        assert len(kept) + requests_lost(journal_url) == 261 and requests_lost(journal_url) > 100
        assert count(journal_url) == 3 * len(kept)
        assert journal.losses.requests == {("1", "full"): 261 - len(kept)}
        assert {(one.version, one.reason, one.rows) for one in lost(journal_url, 0.0)} == {
            ("1", "full", 3 * (261 - len(kept)))
        }
        assert lost(journal_url, time.time() + 1) == [] == lost(journal_url, 0.0, "2")


def test_what_failed_while_the_journal_took_nothing_is_written_with_what_was_answered(journal_url: str) -> None:
    async def scenario(journal: Journal, holder: Any) -> None:
        for turn in range(9):
            await send(journal, [f"{turn}"])
            journal.note(Unanswered(f"failed {turn}", 1.0, "2", 0.5, 500, 0, 0.1))
            journal.note(RoutedKey(f"key {turn}", f"failed {turn}"))
        await until(lambda: journal.away is not None)
        holder.rollback()
        await until(lambda: is_caught_up(journal))

    with opened(journal_url, DROP) as (journal, _), connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        asyncio.run(scenario(journal, holder))
        with journal.engine.connect() as connection:
            failed = connection.execute(select(unanswered.c.request_id)).scalars().all()
            keys = connection.execute(select(routed_keys.c.key)).scalars().all()
    assert sorted(failed) == [f"failed {turn}" for turn in range(9)] and len(keys) == 9


def test_a_commit_that_was_cut_off_is_not_written_twice(any_journal: str) -> None:
    late = Unanswered("a", 1.0, "2", 0.5, 504, 0, 0.1)
    rows: list[Row] = [request("a"), late, RoutedKey("k", "a")]
    new: list[Row] = [late._replace(status=200), late._replace(request_id="b"), request("b")]
    with connect(any_journal).begin() as connection:
        add(connection, rows)
        assert missing(connection, [*rows, *new]) == [*rows[1:], *new]
        add(connection, [*rows[1:], *new])  # what is there already stays
        kept = connection.execute(select(unanswered.c.request_id, unanswered.c.status).order_by(unanswered.c.id))
        assert [tuple(row) for row in kept] == [("a", 504), ("a", 200), ("b", 504)]


def test_a_commit_that_comes_through_while_it_is_tried_again_is_no_fault_of_its_rows(
    journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So PostgreSQL may do it: what it had still to commit is not seen, and stands in the way of the same key."""
    engine, looks = connect(journal_url), list[int]()
    with engine.begin() as connection:
        add(connection, [request("a")])

    def late(connection: Connection, rows: Sequence[Row]) -> list[Row]:
        looks.append(len(rows))
        return list(rows) if len(looks) == 1 else missing(connection, rows)

    async def again() -> Outcome:
        loop = asyncio.get_running_loop()
        return commit(engine, [Entry(request("a"), None, 1, loop.create_future(), loop)], Losses(), again=True)

    monkeypatch.setattr("serving.journal.transaction.missing", late)
    assert asyncio.run(again()) == [None] and looks == [1, 1]
    assert count(journal_url) == 1


def test_with_a_full_disk_nothing_is_acknowledged_that_is_not_kept(journal_url: str) -> None:
    with opened(journal_url, BLOCK, "FULL") as (journal, disk):
        answered = asyncio.run(through_a_full_disk(journal, disk))
        assert sorted(set(window(journal_url).request_ids)) == sorted(answered)
        assert 21 <= len(answered) < 261 and lost(journal_url, 0.0) == []


def test_more_than_may_wait_is_refused_by_one_policy_and_counted_by_the_other(journal_url: str) -> None:
    async def scenario(journal: Journal, holder: Any) -> list[Any]:
        waiting = [asyncio.ensure_future(journal.write(request(str(number)))) for number in range(9)]
        await asyncio.sleep(0.05)
        holder.rollback()
        return await asyncio.gather(*waiting, return_exceptions=True)

    for name, spec in (("block", JournalSpec(queue=4)), ("drop", JournalSpec(policy="drop", queue=4))):
        with opened(journal_url, spec) as (journal, _), connect(journal_url).connect() as holder:
            holder.exec_driver_sql("BEGIN IMMEDIATE")
            outcomes = asyncio.run(scenario(journal, holder))
            refused = sum(isinstance(one, JournalFull) for one in outcomes)
            assert (refused, sum(journal.losses.requests.values())) == ((5, 0) if name == "block" else (0, 5))
        with connect(journal_url).begin() as connection:
            connection.exec_driver_sql("DELETE FROM requests")


def test_what_waits_is_bounded_in_bytes_and_one_request_always_may(journal_url: str) -> None:
    large = request("large")._replace(inputs=f'["{"x" * 5_000}"]')

    async def scenario(journal: Journal) -> None:
        with connect(journal_url).connect() as holder:
            holder.exec_driver_sql("BEGIN IMMEDIATE")
            waiting = asyncio.ensure_future(journal.write(large))
            await asyncio.sleep(0.05)
            assert journal.room.bytes > 5_000
            with pytest.raises(JournalFull):
                await journal.write(request("small"))
            holder.rollback()
            await waiting

    with opened(journal_url, JournalSpec(queue_bytes=1_000)) as (journal, _):
        asyncio.run(scenario(journal))
        assert (journal.room.requests, journal.room.bytes) == (0, 0)


def test_a_label_is_never_dropped_in_silence(journal_url: str) -> None:
    async def scenario(journal: Journal, disk: Disk) -> None:
        disk.pages = 1
        for turn in range(30):
            await send(journal, [f"{turn} {number}" for number in range(8)])
        with pytest.raises(JournalError):
            await journal.label(Label("before 0", 0, "1", 0.0))
        disk.pages = NO_LIMIT
        await until(lambda: is_caught_up(journal))
        assert await journal.label(Label("before 0", 0, "1", 0.0)) == "recorded"

    with opened(journal_url, DROP, "FULL") as (journal, disk):
        asyncio.run(scenario(journal, disk))


def test_a_slow_journal_holds_no_answer_up_and_what_waited_is_written(journal_url: str) -> None:
    async def scenario(journal: Journal, holder: Any) -> float:
        began = time.monotonic()
        await send(journal, ["a"])
        await send(journal, ["b"])
        took = time.monotonic() - began
        holder.rollback()
        await until(lambda: is_caught_up(journal))
        return took

    with opened(journal_url, DROP) as (journal, _), connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        assert asyncio.run(scenario(journal, holder)) < 5 * _PATIENCE
        assert window(journal_url).request_ids == ["a"] * 3 + ["b"] * 3 and lost(journal_url, 0.0) == []


@pytest.mark.parametrize("policy", ["block", "drop"])
def test_on_a_disk_that_is_really_full_nothing_is_uncounted(tmp_path: Path, policy: Literal["block", "drop"]) -> None:
    async def scenario(journal: Journal, ballast: Path) -> list[str]:
        answered = await send(journal, ["before"])
        for turn in range(tries(2, 100)):
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4_096))
            for part in range(20):
                answered += await send(journal, [f"{turn} {part} {number}" for number in range(8)])
            ballast.unlink()
            await until(lambda: is_caught_up(journal))
        return answered + await send(journal, ["after"])

    with mounted(tmp_path, size="2m" if tries(0, 1) == 0 else "40m") as folder:
        url = sqlite_url(folder / "journal.db")
        create(url)
        with opened(url, JournalSpec(policy=policy, queue=40)) as (journal, _):
            answered = asyncio.run(scenario(journal, folder / "ballast"))
            kept = window(url).request_ids
            missing = set(answered) - set(kept)
            assert {"before", "after"} <= set(kept) and len(kept) == 3 * len(set(kept))
            assert len(missing) == requests_lost(url) and bool(missing) == (policy == "drop")


def test_what_was_removed_is_left_alone_by_every_kind_of_row_and_taken_again_when_it_is_back(journal_url: str) -> None:
    gone: list[Literal["removed"] | None] = ["removed"]
    engine = connect(journal_url, lock_timeout=0.1)
    journal = Journal(engine, DROP, _PATIENCE, lambda: gone[0])

    def rows(*tables: str) -> list[int]:
        with connect(journal_url).connect() as connection:
            return [connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in tables]

    async def scenario() -> None:
        await journal.write(request("a"))
        journal.note(Unanswered("b", 1.0, "1", 0.5, 500, 0, 0.1))
        for refused in (journal.write(Shadowed("a", 1.0, "2", 200, 1, None, "[]", 0, 0.1)), journal.label(LABEL)):
            with pytest.raises(JournalError, match="removed"):
                await refused
        await asyncio.sleep(0.1)
        assert rows("requests", "unanswered", "shadows", "labels", "losses") == [0] * 5
        assert journal.away == "the journal is removed" and journal.losses.requests == {("1", "removed"): 1}
        gone[0] = None
        await journal.write(request("c"))
        await until(lambda: journal.away is None and not journal.losses.are_pending)

    try:
        asyncio.run(scenario())
        assert rows("requests", "losses") == [1, 1]
        gone[0] = "removed"
        with pytest.raises(JournalError, match="removed"):  # by the other policy answers are withheld
            asyncio.run(blocking_write(engine, lambda: gone[0]))
        assert rows("requests") == [1]
    finally:
        journal.close()
        engine.dispose()


async def blocking_write(engine: Engine, gone: Gone) -> None:
    journal = Journal(engine, BLOCK, _PATIENCE, gone)
    try:
        await journal.write(request("d"))
    finally:
        journal.close()


def test_what_a_closing_service_still_holds_is_counted(journal_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with opened(journal_url, DROP) as (journal, _), connect(journal_url).connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        assert len(asyncio.run(send(journal, ["a", "b"]))) == 2
        journal.close()
        assert journal.losses.requests == {("1", "closed"): 2}
    assert "2 answered requests (6 rows) are neither in the journal nor counted in it" in caplog.text


def test_a_closing_service_says_what_a_database_that_answers_nothing_may_not_have(
    journal_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    with opened(journal_url, DROP, "FULL") as (journal, _):
        monkeypatch.setattr("serving.journal.writer.commit", lambda *_, **__: answers.wait(20) and JournalError("away"))
        asyncio.run(send(journal, ["a", "b"]))
        journal.close(0.1)
        assert "the journal does not answer: 2 entries may not be in it, and 0 lost ones not counted" in caplog.text
        answers.set()


def test_a_row_that_the_journal_cannot_hold_is_answered_and_counted_alone(journal_url: str) -> None:
    async def scenario(journal: Journal) -> None:
        await asyncio.gather(journal.write(request("a")._replace(for_review=2**70)), journal.write(request("b")))
        await until(lambda: is_caught_up(journal))

    with opened(journal_url, DROP) as (journal, _):
        asyncio.run(scenario(journal))
        assert window(journal_url).request_ids == ["b"] and [one.reason for one in lost(journal_url, 0)] == ["refused"]


def test_a_count_whose_commit_was_cut_off_is_written_once(journal_url: str) -> None:
    engine = connect(journal_url)
    with opened(journal_url, DROP) as (journal, _):
        journal.close()
        journal.losses.add(request("a", 2), "full")
        for _ in range(2):  # the second attempt does not know of the first
            with engine.begin() as connection:
                journal.losses.write(connection)
            journal.losses.add(request("b", 2), "full")
        assert [(one.requests, one.rows) for one in lost(journal_url, 0)] == [(1, 2)]
        journal.losses.written()
        assert journal.losses.pending() == (2, 4)


def test_a_window_says_what_it_lacks(any_journal: str) -> None:
    missing = Losses()
    for number in range(70):  # a count a minute
        missing.add(request(str(number), 2, when=1e9 + number), "full" if number else "refused")
    with connect(any_journal).begin() as connection:
        add(connection, [request("a", when=1e9 + 65)])
        missing.write(connection)
    found = lost_beside(any_journal, window(any_journal), None, "1")
    assert found is not None and found.reasons.keys() == {"full"} and found.rows == 2 * found.requests < 140
    assert lost_beside(any_journal, window(any_journal), None, "2") is None
    whole = lost_beside(any_journal, window(any_journal, rows=0), None, "1")
    assert whole is not None and whole.reasons == {"full": 69, "refused": 1} and whole.first.startswith("2001-09-09")
    assert lost_beside(any_journal, window(any_journal), 60.0, "1") is None


def test_a_journal_of_before_has_lost_nothing_that_it_knew_of(journal_url: str) -> None:
    with connect(journal_url).begin() as connection:
        connection.exec_driver_sql("DROP TABLE losses")
    assert lost(journal_url, 0.0) == []


@pytest.mark.slow
@pytest.mark.parametrize("any_journal", ["postgresql"], indirect=True)
@pytest.mark.parametrize("policy", ["block", "drop"])
def test_a_database_that_is_stopped_and_started_is_used_again_and_nothing_is_uncounted(
    any_journal: str, postgresql: Server, policy: Literal["block", "drop"]
) -> None:
    async def client(journal: Journal, ended: asyncio.Event, answered: list[str], name: str) -> None:
        turn = 0
        while not ended.is_set():
            answered += await send(journal, [f"{name}-{turn}"])
            turn += 1
            await asyncio.sleep(0.002)

    async def scenario(journal: Journal) -> list[str]:
        ended, answered = asyncio.Event(), list[str]()
        clients = [asyncio.ensure_future(client(journal, ended, answered, str(number))) for number in range(8)]
        for _ in range(tries(1, 20)):
            await asyncio.sleep(0.2)
            await asyncio.to_thread(postgresql.stop)
            await asyncio.sleep(0.3)
            before = len(answered)
            await asyncio.to_thread(postgresql.start)
            assert len(answered) > before or policy == "block"
            await asyncio.sleep(0.3)
        ended.set()
        await asyncio.gather(*clients)
        await until(lambda: is_caught_up(journal))
        return answered + await send(journal, ["after"])

    with opened(any_journal, JournalSpec(policy=policy, queue=100)) as (journal, _):
        answered = asyncio.run(scenario(journal))
        kept = window(any_journal).request_ids
        missing = set(answered) - set(kept)
        assert "after" in kept and len(kept) == 3 * len(set(kept)), "none is there twice"
        assert len(missing) == requests_lost(any_journal)
        assert not missing or policy == "drop"
