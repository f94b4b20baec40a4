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


def test_a_worker_that_was_warmed_up_has_its_process_for_the_run(forked: list[Any]) -> None:
    tasks.warm_up({})
    tasks.warm_up({"ZENML_STORE_URL": "sqlite:////a"})
    process: Any = tasks._process()
    assert process is forked[0]
    assert process.sent == [{"open": {"ZENML_STORE_URL": "sqlite:////a"}}]


def test_to_warm_up_where_that_fails_is_left_to_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(_code: Path, watched: int) -> Any:
        raise RuntimeError("the process of steps does not start")

    monkeypatch.setattr(tasks, "connect", connect)
    tasks.warm_up({})
    with pytest.raises(RuntimeError, match="does not start"):
        tasks._process()


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


class Teller:
    """Stands for what gives signs of life to a run; the second one meets a mailbox that is gone."""

    def __init__(self) -> None:
        self.signs = 0

    def is_heard(self) -> bool:
        """Give one."""
        self.signs += 1
        if self.signs == 2:
            raise RuntimeError("the mailbox is gone")
        return True


def test_a_step_whose_process_takes_long_to_start_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BEAT_SECONDS", 0.03)
    teller: Any = Teller()
    with tasks._alive(teller):
        until = time.monotonic() + 10
        while teller.signs < 4 and time.monotonic() < until:
            time.sleep(0.01)
    seen = teller.signs
    time.sleep(0.05)
    assert teller.signs == seen >= 4
