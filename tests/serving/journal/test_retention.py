"""What is old, or too much, goes: the oldest first, with its labels, by one worker, and in small steps."""

import asyncio
import itertools
import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from schemas.journal_spec import JournalSpec
from schemas.rollout_state import Position
from serving.journal import lease
from serving.journal import maintenance as maintenance_module
from serving.journal.engine import connect
from serving.journal.insertion import RoutedKey, Shadowed, Unanswered, add
from serving.journal.labels import Label, record
from serving.journal.location import sqlite_url
from serving.journal.loss import Loss
from serving.journal.losses import Losses
from serving.journal.lost import lost
from serving.journal.maintenance import LEASE, Maintenance
from serving.journal.predictions import count, window
from serving.journal.retention import used
from serving.journal.salvage import salvage
from serving.journal.schema import labels, losses, removed, requests, rollouts, routed_keys, shadows, unanswered
from serving.journal.tables import create
from serving.journal.writer import Journal
from serving.rollouts import reading
from tests.serving.journal.damaged import write_journal
from tests.serving.journal.requests import request

DAY = 86_400.0
NUMBERS = itertools.count()


@contextmanager
def maintained(url: str, worker: str = "w", pause: float = 60.0, **spec: Any) -> Iterator[Maintenance]:
    one = Maintenance(url, JournalSpec(**spec), worker, pause=pause)
    try:
        yield one
    finally:
        one.stop()


def fill(url: str, number: int, days: float = 0.0, *, large: int = 0) -> None:
    """Write requests of so many days ago, each with a label and a shadow's answer."""
    when, names = time.time() - days * DAY, [f"{next(NUMBERS)}" for _ in range(number)]
    inputs = json.dumps([{"x": random.Random(0).randbytes(large // 2).hex()}])  # nothing that a database could pack
    with connect(url).begin() as connection:
        add(connection, [request(name, when=when)._replace(inputs=inputs) for name in names])
        add(connection, [Shadowed(name, when, "2", 200, 1, None, "[]", 0, 0.0) for name in names])
        label = {"row": 0, "label": "1", "time": time.time()}
        connection.execute(insert(labels), [{"request_id": name} | label for name in names])


def counts(url: str) -> list[int]:
    """Return how many requests, shadows' answers and labels there are."""
    with connect(url).connect() as connection:
        tables = (requests, shadows, labels)
        return [int(connection.execute(select(func.count()).select_from(one)).scalar_one()) for one in tables]


def test_what_is_older_than_it_may_be_goes_with_its_labels(any_journal: str) -> None:
    fill(any_journal, 200, days=3)
    fill(any_journal, 5, days=1)
    missing = Losses()
    for days in (3, 1):
        missing.add(request("lost", when=time.time() - days * DAY), "full")
    with connect(any_journal).begin() as connection:
        missing.write(connection)
    with maintained(any_journal, keep_days=2) as maintenance:
        assert maintenance.look() > 1, "in steps"
        assert counts(any_journal) == [5, 5, 5] and len(lost(any_journal, 0)) == 1
        assert maintenance.look() == 0
    left = [int(name) for name in window(any_journal).request_ids]
    assert left == list(range(left[0], left[0] + 5))


def test_what_is_too_much_goes_the_oldest_first(any_journal: str) -> None:
    fill(any_journal, 300, large=10_000)
    engine = connect(any_journal)
    with maintained(any_journal, max_bytes=1_000_000) as maintenance:
        maintenance.look()
    with engine.connect() as connection:
        assert 300_000 < used(connection) <= 1_000_000
    left, *others = counts(any_journal)
    names = [int(name) for name in window(any_journal).request_ids]
    assert others == [left, left] and names == list(range(names[-1] + 1 - left, names[-1] + 1)) and 20 < left < 120


def test_for_what_a_rollout_needs_no_request_goes(any_journal: str) -> None:
    fill(any_journal, 100, large=12_000)
    engine = connect(any_journal)
    with engine.begin() as connection:
        most = used(connection) + 20_000
        add(connection, [Unanswered(f"{one}", 1.0, "2", 0.1, 422, 1, 0.1) for one in range(1_000)])
        add(connection, [RoutedKey(f"{one:032}", f"{one:036}") for one in range(1_000)])
        texts = ("candidate", "package_url", "old", "spec", "measure", "state", "why")
        position = Position(at=(0.0, -1, 0), low={"unanswered": 0}, first={}).model_dump_json()
        values = dict.fromkeys(texts, "") | dict.fromkeys(("running", "step", "pointer", "counted", "started"), 1)
        connection.execute(insert(rollouts).values(**values, position=position))
        assert used(connection) > most
    with maintained(any_journal, max_bytes=most) as maintenance:
        maintenance.look()
        assert counts(any_journal)[0] == 100 and sizes(any_journal) == [1_000, 1_000]
        with engine.begin() as connection:
            connection.execute(rollouts.update().values(running=None))
        maintenance.look()
    assert counts(any_journal)[0] == 100 and sizes(any_journal) == [1, 0], "its own go first, and once it is over"


def sizes(url: str) -> list[int]:
    """Return how much is there for the comparison of versions alone."""
    with connect(url).connect() as connection:
        tables = (unanswered, routed_keys)
        return [int(connection.execute(select(func.count()).select_from(one)).scalar_one()) for one in tables]


def test_nothing_goes_where_nothing_was_declared(journal_url: str) -> None:
    fill(journal_url, 3, days=1000)
    with maintained(journal_url) as maintenance:
        assert not maintenance.is_wanted and maintenance.look() == 0
    assert count(journal_url) == 3


def test_the_room_of_what_went_is_used_again(journal_url: str) -> None:
    file = Path(journal_url.removeprefix("sqlite:///"))

    def size() -> int:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.stat().st_size

    fill(journal_url, 200, days=3, large=10_000)
    before = size()
    for _ in range(3):
        with maintained(journal_url, keep_days=2) as maintenance:
            maintenance.look()
        fill(journal_url, 190, days=3, large=10_000)
    assert size() <= 1.1 * before


def test_the_newest_request_stays_so_that_no_number_comes_twice(journal_url: str) -> None:
    fill(journal_url, 3, days=9)
    with maintained(journal_url, keep_days=2) as maintenance:
        maintenance.look()
        with connect(journal_url).begin() as connection:
            assert connection.execute(select(requests.c.id)).scalars().all() == [3]
            add(connection, [request("next")])
            assert connection.execute(select(func.max(requests.c.id))).scalar() == 4
        maintenance.look()
    assert window(journal_url).request_ids == ["next"]


def test_the_numbers_of_the_newest_label_and_shadow_stay_with_nothing_of_what_they_were(any_journal: str) -> None:
    """A rollout that begins before they go sees the next label, whose number is above."""
    fill(any_journal, 3, days=9)
    with connect(any_journal).begin() as connection:
        add(connection, [request("young"), request("younger")])
    with connect(any_journal).connect() as connection:
        position = reading.start(connection, time.time())
    with maintained(any_journal, keep_days=2) as maintenance:
        maintenance.look()
        assert counts(any_journal) == [2, 1, 1]
        with connect(any_journal).begin() as connection:
            for table in (labels, shadows):
                row = connection.execute(select(table)).mappings().one()
                assert row["id"] == 3 and row["request_id"] == "" and "1" not in row.values()
            record(connection, [Label("young", 0, "1", time.time())])
            add(connection, [Shadowed("young", time.time(), "2", 200, 1, None, "[]", 0, 0.0)])
        fill(any_journal, 1, days=9)
        with connect(any_journal).begin() as connection:
            add(connection, [request("youngest")])
        maintenance.look()
    with connect(any_journal).connect() as connection:
        for table in (labels, shadows):
            numbers = connection.execute(select(table.c.id).order_by(table.c.id)).scalars().all()
            assert list(numbers) == [4, 5] and position.low[table.name] == 3, "of what goes only the newest number"
    assert damage_counted(any_journal) == {"requests": 4, "labels": 3, "shadows": 3}


def damage_counted(url: str) -> dict[str, int]:
    with connect(url).connect() as connection:
        return {str(name): int(rows) for name, rows in connection.execute(select(removed.c.name, removed.c.rows))}


def test_predictions_of_an_earlier_format_go_too(tmp_path: Path) -> None:
    write_journal(tmp_path / "old.db", 50, old=True)
    url = sqlite_url(tmp_path / "old.db")
    create(url)
    with maintained(url, keep_days=2) as maintenance:
        maintenance.look()
    assert count(url) == 1


def test_of_several_workers_one_does_it(any_journal: str) -> None:
    fill(any_journal, 5, days=9)
    engine = connect(any_journal)
    assert lease.take(engine, LEASE, "other", 60) and lease.take(engine, LEASE, "other", 60)
    with maintained(any_journal, keep_days=2) as maintenance:
        assert maintenance.look() == 0 and count(any_journal) == 5
        lease.give_back(engine, LEASE, "other")
        assert maintenance.look() > 0
    assert lease.take(engine, LEASE, "dead", -1) and lease.take(engine, LEASE, "heir", 60)
    assert not lease.take(engine, LEASE, "late", 60)
    got = list[bool]()
    racers = [
        threading.Thread(target=lambda name=name: got.append(lease.take(connect(any_journal), "new", name, 60)))
        for name in "abc"
    ]
    for one in racers:
        one.start()
    for one in racers:
        one.join()
    assert sorted(got) == [False, False, True]


def test_a_journal_that_must_not_be_written_to_is_left_alone(journal_url: str) -> None:
    fill(journal_url, 5, days=9)
    one = Maintenance(journal_url, JournalSpec(keep_days=1), "w", lambda: False)
    assert one.look() == 0 and count(journal_url) == 5
    one.stop()


@pytest.mark.untraced
def test_requests_do_not_wait_while_thousands_go(journal_url: str) -> None:
    fill(journal_url, 1_000, days=3, large=2_000)
    engine = connect(journal_url)
    journal = Journal(engine)

    async def scenario() -> list[float]:
        took = list[float]()
        while sum(counts(journal_url)[1:]) > 2:  # of the newest the numbers
            for _ in range(100):
                began = time.perf_counter()
                await journal.write(request(f"now {len(took)}"))
                took.append(time.perf_counter() - began)
        return sorted(took)

    with maintained(journal_url, pause=0.01, keep_days=2) as maintenance:
        maintenance.start()
        took = asyncio.run(scenario())
    journal.close()
    assert len(took) >= 100 and took[len(took) // 2] < 0.02 and took[int(len(took) * 0.95)] < 0.1


def test_what_went_is_not_taken_for_lost_when_a_journal_is_repaired(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    create(sqlite_url(file))
    fill(sqlite_url(file), 20, days=3)
    fill(sqlite_url(file), 4)
    counts_of_losses = [Loss(when, when, "1", 1, 1, "full") for when in (1.0, 2.0, time.time())]
    with connect(sqlite_url(file)).begin() as connection:
        connection.execute(insert(losses), [{"key": f"{one.since}", **one._asdict()} for one in counts_of_losses])
    with maintained(sqlite_url(file), keep_days=2) as maintenance:
        maintenance.look()
    for source, target in (("journal.db", "second.db"), ("second.db", "third.db")):
        saved = [str(one) for one in salvage(tmp_path / source, tmp_path / target)]
        tables = ("0 releases", "4 requests", "4 shadows", "4 labels", "1 losses")
        assert saved == [f"{table} saved" for table in tables]


def test_a_locked_journal_is_told_once_and_tried_again(
    journal_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance_module, "_LOCK_TIMEOUT", 0.05)
    fill(journal_url, 5, days=9)
    with maintained(journal_url, pause=0.01, keep_days=2) as maintenance:
        with connect(journal_url).connect() as holder:
            holder.execute(text("BEGIN IMMEDIATE"))
            maintenance.start()
            time.sleep(0.4)
        deadline = time.monotonic() + 10
        while count(journal_url) > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert count(journal_url) == 1 and caplog.text.count("cannot be taken out") == 1
