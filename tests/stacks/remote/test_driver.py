"""The driver of a run whose steps run elsewhere: order, what is told, what is tried again, and the end of all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.errors import DrivetrainError
from schemas.events import StepEvent
from stacks.remote.driver import drive
from stacks.remote.graph import StepGraph
from stacks.remote.steps import Ended, Failure, RemoteStepError, StepTask, here, runs_here
from stacks.step_events import following


class Machine:
    """A backend that ends each attempt as it is told to: what steps are begun in which order is what is tested."""

    def __init__(self, is_here: bool, ends: dict[str, list[Failure | None]]) -> None:
        self.is_here, self._ends = is_here, ends
        self.begun: list[StepTask] = []
        self._news: list[StepEvent | Ended] = []
        self.cancelled = False

    def start(self, task: StepTask) -> None:
        self.begun.append(task)
        failure = self._ends.get(task.step, [None]).pop(0) if self._ends.get(task.step) else None
        self._news += [StepEvent(kind="started", step=task.step), Ended(task.step, failure, node="n1")]

    def poll(self, seconds: float) -> list[StepEvent | Ended]:
        news, self._news = self._news, []
        return news

    def cancel(self) -> None:
        self.cancelled = True


def snapshot(upstream: dict[str, Sequence[str]], retries: int = 0, local: tuple[str, ...] = ()) -> Any:
    def step(name: str) -> Any:
        retry = SimpleNamespace(max_retries=retries) if retries else None
        config = SimpleNamespace(retry=retry, extra=here(name in local))
        return SimpleNamespace(config=config, spec=SimpleNamespace(upstream_steps=list(upstream[name])))

    return SimpleNamespace(step_configurations={name: step(name) for name in upstream})


def run(machine: Machine, record: Any, known: tuple[str, ...] = ()) -> tuple[list[str], list[StepEvent]]:
    @contextmanager
    def entered() -> Iterator[Machine]:
        yield machine

    in_command: list[str] = []
    events: list[StepEvent] = []
    tasks = {name: StepTask(snapshot="s", step=name) for name in record.step_configurations}
    with following(events.append):
        drive(record, tasks, entered(), in_command.append, known.__contains__)
    return in_command, events


DIAMOND: dict[str, Sequence[str]] = {"load": [], "left": ["load"], "right": ["load"], "join": ["left", "right"]}


def test_a_step_begins_once_all_before_it_are_done() -> None:
    machine = Machine(True, {})
    run(machine, snapshot(DIAMOND))
    begun = [task.step for task in machine.begun]
    assert begun[0] == "load" and set(begun[1:3]) == {"left", "right"} and begun[3] == "join"


def test_what_was_reused_and_is_no_part_of_the_run_keeps_nothing_waiting() -> None:
    graph = StepGraph({"train": ["split"], "package": ["train"]})
    assert graph.ready() == ["train"] and graph.ready() == [] and not graph.is_over


def test_a_step_that_needs_this_machine_runs_here_where_the_cluster_is_elsewhere() -> None:
    record = snapshot(DIAMOND, local=("load",))
    assert runs_here(record.step_configurations["load"]) and not runs_here(record.step_configurations["left"])
    elsewhere, same = Machine(False, {}), Machine(True, {})
    assert run(elsewhere, record)[0] == ["load"] and "load" not in [task.step for task in elsewhere.begun]
    assert run(same, record)[0] == [] and "load" in [task.step for task in same.begun]


def test_a_lost_step_is_tried_again_away_from_where_it_was_lost_and_told() -> None:
    machine = Machine(True, {"left": [Failure("the cable is out", lost=True)]})
    _, events = run(machine, snapshot(DIAMOND, retries=1))
    first, second = (task for task in machine.begun if task.step == "left")
    assert (first.attempt, first.avoid, second.attempt, second.avoid) == (1, (), 2, ("n1",))
    assert any(event.state == "failed" and event.step == "left" for event in events if event.kind == "finished")
    assert any("left is tried again (1 of 1): the cable is out" in event.text for event in events)


def test_a_step_that_raised_is_tried_again_wherever_there_is_room() -> None:
    machine = Machine(True, {"left": [Failure("ValueError: no")]})
    run(machine, snapshot(DIAMOND, retries=2))
    assert [task.avoid for task in machine.begun if task.step == "left"] == [(), ()]


@pytest.mark.parametrize(
    ("failure", "kind", "text"),
    [
        (Failure("node n1 is gone", lost=True), DrivetrainError, "Step left was lost: node n1 is gone"),
        (Failure("the rows are empty", is_ours=True), DrivetrainError, "the rows are empty"),
        (Failure("ValueError: no"), RemoteStepError, "ValueError: no"),
    ],
)
def test_the_last_failure_ends_the_run_and_all_that_runs(failure: Failure, kind: type[Exception], text: str) -> None:
    machine = Machine(True, {"left": [failure, failure]})
    with pytest.raises(kind) as raised:
        run(machine, snapshot(DIAMOND, retries=1))
    assert str(raised.value) == text and type(raised.value) is kind and machine.cancelled
    assert "join" not in [task.step for task in machine.begun]


def test_a_step_that_zenml_knows_as_done_is_not_run_again_when_its_process_is_lost_afterwards() -> None:
    machine = Machine(True, {"left": [Failure("the cable is out", lost=True)]})
    _, events = run(machine, snapshot(DIAMOND, retries=1), known=("left",))
    assert [task.step for task in machine.begun].count("left") == 1
    assert [event.state for event in events if event.step == "left" and event.kind == "finished"] == ["done"]


def test_a_step_here_is_tried_as_often_as_declared() -> None:
    tries: list[str] = []

    def fails_twice(name: str) -> None:
        tries.append(name)
        if len(tries) < 3:
            raise ValueError("not yet")

    record = snapshot({"load": []}, retries=2, local=("load",))

    @contextmanager
    def entered() -> Iterator[Machine]:
        yield Machine(False, {})

    drive(record, {"load": StepTask(snapshot="s", step="load")}, entered(), fails_twice, lambda _step: False)
    assert tries == ["load"] * 3
