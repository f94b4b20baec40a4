"""A long step tells what it is doing; of a short one a log has its last line alone."""

import io
import time

import pytest
from rich.console import Console

from cli import progress
from cli.progress import Progress


def told(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return [line for line in console.file.getvalue().splitlines() if line.startswith("progress")]


@pytest.fixture
def log() -> Console:
    return Console(file=io.StringIO(), width=200)


def test_a_short_step_tells_nothing_between(log):
    with Progress(log, lambda: None) as shown:
        shown.step_started("training", "train")
        shown.progress("converting to ONNX")
        shown.step_finished("training", "train", 0.1, "done")
    assert told(log) == []


def test_a_long_step_tells_its_newest_state_also_when_it_says_nothing_more(log, monkeypatch):
    monkeypatch.setattr(progress, "QUIET", 0.2)
    monkeypatch.setattr(progress, "_TICK", 0.02)
    with Progress(log, lambda: None) as shown:
        shown.step_started("training", "train")
        shown.progress("tree 1 of 9")
        shown.progress("tree 2 of 9")
        deadline = time.monotonic() + 20
        while not told(log) and time.monotonic() < deadline:
            time.sleep(0.02)
        shown.step_finished("training", "train", 1, "done")
        time.sleep(0.5)
    assert told(log) == ["progress train: tree 2 of 9 (0 s)"]


def test_a_step_that_tells_nothing_is_said_to_go_on(log, monkeypatch):
    for name, value in (("QUIET", 0.05), ("_PATIENCE", 0.2), ("_TICK", 0.02)):
        monkeypatch.setattr(progress, name, value)
    with Progress(log, lambda: None) as shown:
        shown.step_started("training", "load")
        deadline = time.monotonic() + 20
        while len(told(log)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    assert told(log)[:2] == ["progress load: goes on (0 s)"] * 2


def test_a_person_sees_every_state(monkeypatch):
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with Progress(console, lambda: None) as shown:
        shown.step_started("training", "train")
        shown.progress("tree 1 of 9 [x]")
        assert shown._status is not None and "train … tree 1 of 9 [x]" in str(shown._status.renderable.text)
