"""How a worker ends: within the time that its supervisor gives it, whatever hangs."""

import threading
import time
from functools import partial

import pytest

from serving.process.closing import side_by_side
from serving.process.patience import closing, lock_timeout, patience


def _wait(event: threading.Event) -> None:
    event.wait(20)


def test_what_hangs_is_told_and_holds_nothing_else_up(caplog: pytest.LogCaptureFixture) -> None:
    hangs, ended = threading.Event(), list[str]()
    began = time.monotonic()
    side_by_side({"one": partial(_wait, hangs), "other": lambda: ended.append("other")}, 0.1)
    assert ended == ["other"] and time.monotonic() - began < 5
    assert "without waiting any longer for: one" in caplog.text and "other" not in caplog.text
    hangs.set()


@pytest.mark.parametrize("deadline", [0.1, 10.0, 100.0])
def test_a_supervisor_waits_for_what_is_in_work_and_for_two_attempts_of_the_journal(deadline: float) -> None:
    assert closing(deadline) > 2 * lock_timeout(deadline)
    assert patience(0.5, deadline) > 0.5 + deadline + closing(deadline)
