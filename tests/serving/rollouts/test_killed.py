"""A controller that is killed between any two statements: the next one goes on, and everything is as without it."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from serving.journal.location import sqlite_url
from serving.journal.schema import rollouts
from serving.journal.tables import create, open_existing
from serving.releases import events as stream
from tests.serving.rollouts.made import Fault, Service

KILLS = 30
OUTAGE = 5  # ticks before it


class Killed(BaseException):
    """The process is gone; nothing after it runs."""


class Killer:
    """Counts the statements and commits of a journal, and dies before those with the given numbers."""

    def __init__(self, engine: Engine) -> None:
        self.count, self.at, self.is_armed = 0, set[int](), False
        event.listen(engine, "before_cursor_execute", self.met)
        event.listen(engine, "commit", self.met)

    def met(self, *_: Any) -> None:
        """One more statement, or a commit."""
        if not self.is_armed:
            return
        self.count += 1
        if self.count in self.at:
            raise Killed

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Count while the controller looks, not while requests are answered."""
        self.is_armed = True
        try:
            yield
        finally:
            self.is_armed = False


class Mortal(Service):
    """A service with an outage, whose controllers may be killed; another one goes on at once, its lease being over."""

    def __init__(self, engine: Engine, killer: Killer, fault: Fault) -> None:
        self.killer, self.killed, self.ticks = killer, 0, 0
        super().__init__(engine, fault, seed=7)

    def tick(self) -> None:
        """Serve; for an hour nobody does."""
        super().tick()
        self.ticks += 1
        if self.ticks == OUTAGE:
            self.now += 3600.0

    def look(self) -> None:
        """Look on, whoever dies."""
        while True:
            try:
                with self.killer.armed():
                    super().look()
                return
            except Killed:
                self.killed += 1
                self.controller = self.new_controller(f"worker {self.killed}")
                with self.engine.begin() as connection:
                    connection.execute(update(rollouts).values(holder=None))


@pytest.fixture(params=[Fault(), Fault(slower=2.0)], ids=["as good", "slower"])
def fault(request: pytest.FixtureRequest) -> Fault:
    found: Fault = request.param
    return found


def lived(tmp_path: Path, name: str, fault: Fault, at: set[int]) -> tuple[dict[str, Any], int, int]:
    """Return what became of a rollout, how many statements it took, and how many controllers died."""
    url = sqlite_url(tmp_path / f"{name}.db")
    create(url)
    engine = open_existing(url)
    killer = Killer(engine)
    killer.at = at
    service = Mortal(engine, killer, fault)
    found = service.run()
    with engine.connect() as connection:
        told = [(one.version, one.state, one.weight, one.why) for one in stream.read(connection)]
    engine.dispose()
    return (
        {
            "outcome": found.outcome,
            "counted": found.counted,
            "events": told,
            "state": json.loads(found.state.model_dump_json()),
        },
        killer.count,
        service.killed,
    )


def test_whoever_dies_between_two_statements_the_outcome_is_the_same(
    tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    undisturbed, statements, _ = lived(tmp_path, "undisturbed", fault, set())
    assert undisturbed["outcome"] == ("promoted" if fault == Fault() else "rolled_back")
    points = sorted(random.Random(0).sample(range(1, statements), KILLS // 2))
    later = {point + number for number, point in enumerate(points)}  # each death is followed by statements again
    disturbed, _, deaths = lived(tmp_path, "disturbed", fault, later)
    assert deaths == len(points)
    assert disturbed == undisturbed
