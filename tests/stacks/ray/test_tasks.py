"""What runs in Ray's processes: which process of steps an attempt gets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stacks.ray import tasks


class Connection:
    """A connection that says whether it was closed."""

    closed = False

    def close(self) -> None:
        """Close it."""
        self.closed = True


class Lines:
    """Stands for the process of steps that a server would fork."""

    def __init__(self) -> None:
        self.connection = Connection()


@pytest.fixture(autouse=True)
def forked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Lines]]:
    found: list[Lines] = []

    def connect(_code: Path, watched: int) -> Any:
        found.append(Lines())
        return found[-1]

    monkeypatch.setattr(tasks, "connect", connect)
    yield found
    tasks._forget()


def test_a_worker_that_was_warmed_up_has_its_process_for_the_first_run(forked: list[Lines]) -> None:
    tasks.warm_up()
    assert [tasks._process("one"), tasks._process("one")] == [forked[0], forked[0]]


def test_to_warm_up_a_worker_takes_no_process_from_a_run(forked: list[Lines]) -> None:
    tasks._process("one")
    tasks.warm_up()
    assert tasks._process("one") is forked[0] and not forked[0].connection.closed


def test_a_process_of_steps_belongs_to_one_run(forked: list[Lines]) -> None:
    tasks._process("one")
    assert tasks._process("two") is forked[1]
    assert forked[0].connection.closed and not forked[1].connection.closed


def test_a_message_of_an_earlier_run_is_not_taken_for_one_of_this() -> None:
    task = {"snapshot": "one", "step": "train", "attempt": 1, "cpus": 1.0}
    assert tasks.sender(task) == tasks.sender({**tasks.sender(task), "event": {}})
    assert tasks.sender(task) != tasks.sender({**task, "snapshot": "two"})
