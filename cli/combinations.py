"""Choices that are each valid and cannot work together."""

from collections.abc import Iterator

from schemas.base import Task
from schemas.choice import Choice
from schemas.errors import Fault, did_you_mean
from schemas.metrics import HIGHER_IS_BETTER, TASKS
from schemas.run import NEEDED, Run
from steps import registry

_ALL: tuple[Task, ...] = ("binary", "multiclass", "regression")


def impossible(run: Run, alone: bool = True) -> list[Fault]:
    """Return what cannot work together.

    Args:
        run: The declaration.
        alone: Whether nothing else is wrong; only then is the trainer's own library imported to ask it.
    """
    tasks = tasks_of(run)
    faults = [*_metric_faults(run, tasks)]
    for block, choice in (("trainer", run.trainer), ("baseline", run.baseline)):
        faults += _trainer_faults(block, choice, run.data.task, tasks)
    faults += _split_faults(run)
    faults += _stack_faults(run)
    if faults or not alone:
        return faults
    for block, choice in (("trainer", run.trainer), ("baseline", run.baseline)):
        if choice.name != "auto":
            wrong = registry.lookup("train", choice.name).faults(choice.params, run.data.task)
            faults += [Fault(f"{block}.{fault.path}".rstrip("."), fault.message, fault.hint) for fault in wrong]
    return faults


def tasks_of(run: Run) -> tuple[Task, ...]:
    """Return the tasks that the declaration leaves open."""
    task = run.data.task
    if task == "auto" and run.trainer.name == "auto":
        return _ALL
    if task == "auto":
        return tuple(registry.lookup("train", run.trainer.name).tasks)
    return ("binary", "multiclass") if task == "classification" else (task,)


def _metric_faults(run: Run, tasks: tuple[Task, ...]) -> Iterator[Fault]:
    named = {"metric": run.metric} if run.metric != "auto" else {}
    named |= {f"gate.{side}.{metric}": metric for side in ("min", "max") for metric in getattr(run.gate, side)}
    for path, metric in named.items():
        known = sorted(HIGHER_IS_BETTER)
        fitting = sorted(name for name in known if set(TASKS[name]) & set(tasks))
        hint = f"metrics of this task: {', '.join(fitting)}"
        if metric not in HIGHER_IS_BETTER:
            yield Fault(path, f"{metric!r} is not a metric.{did_you_mean(metric, known)}", hint)
        elif metric not in fitting:
            what = "a task that the trainer learns" if run.data.task == "auto" else f"a {run.data.task} task"
            yield Fault(path, f"{metric!r} says nothing about {what}", hint)


def _trainer_faults(block: str, choice: Choice, task: str, tasks: tuple[Task, ...]) -> Iterator[Fault]:
    if choice.name == "auto":
        return
    learns = registry.lookup("train", choice.name).tasks
    if not set(learns) & set(tasks):
        others = [name for name in registry.names("train") if registry.origin("train", name) == registry.OWN]
        fitting = [name for name in others if set(registry.lookup("train", name).tasks) & set(tasks)]
        what = f"{choice.name!r} learns {' and '.join(learns)} tasks, but data.task is {task}"
        yield Fault(f"{block}.name", what, f"for this task: {', '.join(fitting)}")


def _split_faults(run: Run) -> Iterator[Fault]:
    method = run.split.method.name
    if run.split.by is not None and registry.origin("split", method) == registry.OWN:
        yield Fault(
            "split.by", f"split {method!r} draws each row by itself and has no use for a column", "leave it out"
        )


def _stack_faults(run: Run) -> Iterator[Fault]:
    for kind in NEEDED[run.pipeline]:
        if getattr(run.stack, kind) is None:
            what = f"stack {run.stack.name!r} has none, and pipeline {run.pipeline!r} needs one"
            yield Fault(f"stack.{kind}", what, "choose another stack= or pipeline=")
