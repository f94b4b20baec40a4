import threading

import pytest

from serving.journal.crowd import Crowd

LONG = 60.0  # seconds, more than the test may take: what waits so long fails it


class Queue:
    def __init__(self):
        self.waiting = 0
        self.crowd = Crowd(lambda: self.waiting, LONG)

    def join(self):
        self.waiting += 1
        self.crowd.joined()

    def is_waited_for(self):
        """Whether a commit would not begin now; it is let go on, with those that it waits for."""
        waiter = threading.Thread(target=self.crowd.wait)
        waiter.start()
        waiter.join(0.2)
        waits = waiter.is_alive()
        while waiter.is_alive():
            self.join()
            waiter.join(0.01)
        return waits


@pytest.fixture
def queue():
    return Queue()


def test_the_first_and_those_that_come_one_by_one_wait_for_nobody(queue):
    assert not queue.is_waited_for()
    queue.crowd.committed(3)
    assert not queue.is_waited_for()


def test_after_a_crowd_a_commit_waits_for_as_many_again(queue):
    queue.crowd.committed(8)
    queue.waiting = 7
    assert queue.is_waited_for()
    assert queue.waiting == 8
    assert not queue.is_waited_for()


def test_it_waits_for_no_more_than_its_time():
    crowd = Crowd(lambda: 0)
    crowd.committed(8)
    crowd.wait()


def test_where_fewer_come_it_waits_for_fewer_and_later_tries_for_more(queue):
    queue.crowd.committed(8)
    queue.crowd.committed(5)
    queue.waiting = 5
    for _ in range(15):
        queue.crowd.committed(5)
        assert not queue.is_waited_for()
    queue.crowd.committed(5)
    assert queue.is_waited_for()
    assert queue.waiting == 7
    queue.crowd.committed(5)  # in vain
    queue.waiting = 5
    assert not queue.is_waited_for()
