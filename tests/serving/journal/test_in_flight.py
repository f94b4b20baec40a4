"""Whom a takeover waits for in a PostgreSQL journal, told by what the database answers; with a real one: takeover."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from serving.journal import in_flight
from serving.journal.in_flight import Earlier, StillWriting


class Writers:
    """A database and a clock: `looks` are who writes, one look after another; the last goes on."""

    def __init__(self, *looks: set[str], connecting: float = 0.0) -> None:
        self.dialect, self.now, self.looked = SimpleNamespace(name="postgresql"), 0.0, 0
        self._looks, self._connecting = looks, connecting

    @contextmanager
    def connect(self) -> Iterator[Any]:
        self.now += self._connecting
        yield self

    def execute(self, _: object) -> Any:
        self.looked += 1
        return SimpleNamespace(scalars=lambda: self._looks[min(self.looked, len(self._looks)) - 1])

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def earlier(writers: Writers, monkeypatch: pytest.MonkeyPatch) -> Earlier:
    monkeypatch.setattr(in_flight, "time", writers)
    return Earlier(cast("Engine", writers))


def test_who_begins_between_two_attempts_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    writers = Writers({"1/1", "2/1"}, {"1/2", "2/1"}, {"1/3", "2/2"})
    waiting = earlier(writers, monkeypatch)
    for _ in range(2):
        with pytest.raises(StillWriting):
            waiting.wait(0.0)
    waiting.wait(0.0)
    assert writers.looked == 3
    waiting.wait(0.0)  # for good, whoever writes then


@pytest.mark.parametrize(("connecting", "looks"), [(0.0, 11), (0.02, 7), (3.0, 1)])
def test_a_connection_that_takes_long_counts_and_one_look_is_made_in_any_case(
    monkeypatch: pytest.MonkeyPatch, connecting: float, looks: int
) -> None:
    writers = Writers({"1/1"}, connecting=connecting)
    with pytest.raises(StillWriting):
        earlier(writers, monkeypatch).wait(0.0501)
    assert writers.looked == looks and writers.now <= max(0.0501, connecting)
