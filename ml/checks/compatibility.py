"""Whether what an experiment asks for can be asked of the task that its rows turned out to have."""

from collections.abc import Collection, Sequence
from typing import Any

from ml.values.column_keys import declaration
from schemas.base import Task, learns
from schemas.choice import Choice
from schemas.column_types import ColumnType
from schemas.data import TableSchema
from schemas.metrics import AUTO, TASKS, fitting
from schemas.run import GateSpec, ReviewSpec


def incompatibilities(
    schema: TableSchema,
    tasks: Sequence[Task],
    trainer: str,
    metric: str,
    gate: GateSpec,
    review: ReviewSpec | None = None,
) -> list[str]:
    """Return what cannot work with the task, one text for a person each; a declared task was checked before the run.

    Args:
        schema: The task, and why it is that one.
        tasks: Those that the trainer learns.
        trainer: The trainer's name.
        metric: The metric that the gate ranks by, or `auto`.
        gate: Its thresholds name metrics too.
        review: What is asked of the predictions that are not routed to review.
    """
    task = schema.problem.task
    named = {"metric": metric} if metric not in AUTO else {}
    named |= {f"gate.{side}.{name}": name for side in ("min", "max") for name in getattr(gate, side)}
    wrong = [
        f"{path}: {name!r} is not defined for a {task} task; use one of: {', '.join(fitting(task))}"
        for path, name in named.items()
        if task not in TASKS[name]
    ]
    if review is not None and task in ("regression", "forecast"):
        wrong.append("review: a regression predicts values, and a value has no probability to be sure of; leave it out")
    if not learns(tasks, task):
        wrong.insert(0, f"trainer.name: {trainer!r} learns {' and '.join(tasks)} tasks, not {task}")
    if wrong:
        wrong.append(f"the task is {schema.why}; declare data.task where that is wrong")
    return wrong


def incompatibilities_of(block: str, choice: Choice, component: type[Any], schema: TableSchema) -> list[str]:
    """Return what a chosen trainer finds impossible about the rows' columns and classes, and their task for a baseline.

    Args:
        block: `trainer` or `baseline`, with which every text begins.
        choice: The trainer chosen there.
        component: Its class.
        schema: Task, classes and column types.
    """
    task = schema.problem.task
    if block != "trainer" and not learns(component.tasks, task):
        return [f"{block}.name: {choice.name!r} learns {' and '.join(component.tasks)} tasks, not {task}; {schema.why}"]
    return [
        *_untaken(block, choice, component.takes, schema),
        *(f"{block}.{text}" for text in component.incompatibilities(choice.params, schema)),
    ]


def _untaken(block: str, choice: Choice, takes: Collection[ColumnType], schema: TableSchema) -> list[str]:
    """Return that a trainer does not take some of the columns, if it does not."""
    others = [column for column in schema.columns if column.type != "drop" and column.type not in takes]
    if not others or schema.forecast is not None:  # features of numbers are made of windows, whoever learns them
        return []
    named = ", ".join(f"{column.name!r} ({column.type})" for column in others)
    keys = ", ".join(declaration(column.name, "type: drop") for column in others)
    hint = f"choose a trainer that takes them, or leave them out ({keys})"
    return [f"{block}.name: {choice.name!r} does not take the columns {named}; {hint}"]
