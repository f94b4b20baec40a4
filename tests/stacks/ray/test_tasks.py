"""What runs in Ray's processes: which process of steps an attempt gets."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stacks.ray import tasks


class Connection:
    """A connection that says whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        """Close it."""
        self.closed = True


class Lines:
    """Stands for the process of steps that a server would fork."""

    def __init__(self) -> None:
        self.connection, self.sent = Connection(), list[Any]()

    def send(self, message: Any) -> None:
        """Take a message."""
        self.sent.append(message)


@pytest.fixture(autouse=True)
def forked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    found: list[Any] = []

    def connect(_code: Path, watched: int) -> Any:
        found.append(Lines())
        return found[-1]

    monkeypatch.setattr(tasks, "connect", connect)
    yield found
    tasks._forget()


def test_a_worker_that_was_warmed_up_has_its_process_for_the_first_run(forked: list[Any]) -> None:
    tasks.warm_up({})
    assert [tasks._process("one"), tasks._process("one")] == [forked[0], forked[0]]


def closed(forked: list[Any]) -> list[bool]:
    """Say of each process of steps whether its connection was closed."""
    return [one.connection.closed for one in forked]


def test_to_warm_up_a_worker_takes_no_process_from_a_run(forked: list[Any]) -> None:
    tasks._process("one")
    tasks.warm_up({})
    assert tasks._process("one") is forked[0]
    assert closed(forked) == [False]


def test_a_process_opens_its_store_ahead_where_it_is_known_with_what(forked: list[Any]) -> None:
    tasks.warm_up({})
    tasks.warm_up({"ZENML_STORE_URL": "sqlite:////a"})
    assert forked[0].sent == [{"open": {"ZENML_STORE_URL": "sqlite:////a"}}]


def test_a_process_of_steps_belongs_to_one_run(forked: list[Any]) -> None:
    tasks._process("one")
    assert tasks._process("two") is forked[1]
    assert closed(forked) == [True, False]


def told(snapshot: str, text: str) -> dict[str, Any]:
    """Return a message of a run's step."""
    return {"snapshot": snapshot, "step": "train", "attempt": 1, "event": text}


def test_each_run_takes_its_own_messages_in_their_order() -> None:
    box = tasks.Mailbox()
    for message in (told("one", "a"), told("two", "b"), told("one", "c")):
        box.put(message)
    assert box.take("one", 0) == [told("one", "a"), told("one", "c")]
    assert box.take("one", 0) == []
    assert box.take("two", 0) == [told("two", "b")]


def test_who_waits_gets_a_message_at_once() -> None:
    box = tasks.Mailbox()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(box.take, "one", 60)
        box.put(told("two", "of another run"))
        box.put(told("one", "a"))
        assert waiting.result(timeout=30) == [told("one", "a")]


def test_what_a_run_left_that_is_over_or_was_killed_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    box = tasks.Mailbox()
    box.put(told("over", "a"))
    box.forget("over")
    assert box.take("over", 0) == []
    box.put(told("killed", "b"))
    later = time.monotonic() + tasks.FORGOTTEN_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    box.take("another", 0)
    assert box.take("killed", 0) == []
