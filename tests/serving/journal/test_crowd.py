import asyncio
import threading
from itertools import pairwise

import pytest

from serving.journal import tables
from serving.journal.crowd import FEWEST, Crowd
from serving.journal.engine import connect
from serving.journal.outcome import JournalError
from serving.journal.predictions import count
from serving.journal.writer import Journal
from tests.serving.journal.requests import request

LONG = 60.0  # seconds, longer than any test may take
MOST = 256


class Asked:
    """An event that notes how long it was waited for, and ends the waiting at once."""

    def __init__(self):
        self.waits = []
        self._event = threading.Event()

    def __getattr__(self, name):
        return getattr(self._event, name)

    def wait(self, seconds):
        self.waits.append(seconds)


class Queue:
    def __init__(self, monkeypatch):
        self.waiting, self.share, self.asked = 0, 1.0, Asked()
        monkeypatch.setattr("serving.journal.crowd.threading.Event", lambda: self.asked)
        self.crowd = Crowd(lambda: self.waiting, MOST, LONG, lambda: self.share)

    def waits(self, waiting):
        """Say whether a commit would wait for others where so many are there."""
        self.waiting, before = waiting, len(self.asked.waits)
        self.crowd.wait()
        return len(self.asked.waits) > before

    def commits(self, count, times):
        for _ in range(times):
            self.crowd.committed(count)


@pytest.fixture
def queue(monkeypatch):
    return Queue(monkeypatch)


def test_the_first_and_those_that_come_one_by_one_wait_for_nobody(queue):
    assert not queue.waits(0)
    queue.commits(FEWEST - 1, 100)
    assert not queue.waits(0)


def test_a_process_with_little_to_do_waits_for_nobody(queue):
    queue.share = 0.4
    queue.commits(8, 100)
    assert not queue.waits(1)


def test_a_commit_waits_for_as_many_as_came_with_the_last_one_and_no_longer_than_its_time(queue):
    queue.commits(8, 1)
    assert queue.waits(7)
    assert queue.asked.waits == [LONG]
    assert not queue.waits(8)


def test_who_makes_them_enough_ends_the_waiting():
    waiting = 0
    crowd = Crowd(lambda: waiting, MOST, LONG, lambda: 1.0)
    crowd.committed(8)
    waiter = threading.Thread(target=crowd.wait)
    waiter.start()
    for waiting in range(1, 9):  # noqa: B007 - what the crowd asks for
        crowd.joined()
    waiter.join(LONG / 2)
    assert not waiter.is_alive()


def test_where_as_many_come_again_and_again_it_waits_for_more_and_seldomer_each_time_in_vain(queue):
    attempts = []
    for commit in range(400):
        if queue.waits(8):
            attempts.append(commit)
        queue.commits(8, 1)
    apart = [later - earlier for earlier, later in zip([0, *attempts], attempts, strict=False)]
    assert len(attempts) == 4
    assert all(later > 1.9 * earlier for earlier, later in pairwise(apart))


def test_where_as_many_do_not_come_again_most_commits_wait_for_nobody(queue):
    queue.commits(8, 1)
    waits = 0
    for commit in range(400):
        waits += queue.waits(1)
        queue.commits(5 - commit % 3, 1)
    assert 0 < waits < 100


def test_once_the_process_has_little_to_do_a_wait_in_vain_is_the_last(queue):
    queue.commits(12, 1)
    queue.share = 0.0
    waits = 0
    for came in range(11, 1, -1):
        waits += queue.waits(0)
        queue.commits(came, 1)
    assert waits == 1


def test_it_never_waits_for_more_than_a_commit_takes(queue):
    queue.commits(MOST, 100)
    assert not queue.waits(MOST)


def test_a_value_that_the_driver_cannot_hold_is_refused_and_the_next_is_written(tmp_path):
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    tables.create(url)
    journal = Journal(connect(url))
    sound = request("a")

    async def both():
        with pytest.raises(JournalError):
            await journal.write(sound._replace(rows=2**70))
        await journal.write(sound)
        await asyncio.to_thread(journal.close)
        with pytest.raises(JournalError, match="closed"):
            await journal.write(sound._replace(request_id="b"))

    asyncio.run(asyncio.wait_for(both(), LONG))
    assert count(url) == 1


def test_all_that_is_acknowledged_is_in_the_journal_however_many_come_and_closing_loses_nothing(tmp_path):
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    tables.create(url)
    journal = Journal(connect(url))

    async def one(number, times):
        for turn in range(times):
            await journal.write(request(f"{number}-{turn}"))

    async def crowds():
        for size in (1, 3, 40, 300, 2):
            await asyncio.gather(*(one(f"{size}-{number}", 20) for number in range(size)))
        last = [asyncio.ensure_future(one(f"last-{number}", 1)) for number in range(5)]
        await asyncio.sleep(0)
        await asyncio.to_thread(journal.close)
        await asyncio.gather(*last)

    asyncio.run(crowds())
    assert count(url) == 20 * (1 + 3 + 40 + 300 + 2) + 5
