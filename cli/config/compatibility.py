"""Choices that are each valid and cannot work together."""

from collections.abc import Iterable, Iterator

from cli.config.components import columns_of
from cli.config.defaults import gives_probabilities, tasks_of
from schemas.base import Task, learns, learnt_as
from schemas.choice import Choice
from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.metrics import HIGHER_IS_BETTER, NEED_PROBABILITIES, NOT_RANKED, TASKS, WITHOUT_PROBABILITIES
from schemas.pipelines import EXPLORE, RETRAINING
from schemas.run import Run
from schemas.split_spec import ORIGINS
from steps import registry


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
        faults += _with_raised(_reading_faults(block, choice, run.data.target))
    faults += _probability_faults(run)
    faults += _split_faults(run)
    faults += _explore_faults(run)
    faults += _retraining_faults(run)
    faults += _review_faults(run, tasks)
    faults += _stack_faults(run)
    heavy = alone and not faults
    for block, choice in (("trainer", run.trainer), ("baseline", run.baseline)):
        if choice.name != "auto" and (heavy or registry.lookup("train", choice.name).light):
            faults += _with_raised(_own_faults(block, choice, run.data.task))
    return faults


def _with_raised(found: Iterable[Fault]) -> Iterator[Fault]:
    """Yield the faults, and what a plug-in raises as one of them: no other is to be lost by it."""
    try:
        yield from found
    except ConfigurationError as error:
        yield from error.faults


def _own_faults(block: str, choice: Choice, task: str) -> Iterator[Fault]:
    with registry.blaming("train", choice.name, "cannot check its parameters", block):
        component = registry.lookup("train", choice.name)
        wrong = list(component.faults(choice.params, learnt_as(component.tasks, task)))
    for fault in wrong:
        yield Fault(f"{block}.{fault.path}".rstrip("."), fault.message, fault.hint)


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
            yield Fault(path, f"{metric!r} is not defined for {what}", hint)


def _trainer_faults(block: str, choice: Choice, task: str, tasks: tuple[Task, ...]) -> Iterator[Fault]:
    if choice.name == "auto":
        return
    own = registry.lookup("train", choice.name).tasks
    if not any(learns(own, task) for task in tasks):
        others = [name for name in registry.names("train") if registry.origin("train", name) == registry.OWN]
        fitting = [one for one in others if any(learns(registry.lookup("train", one).tasks, task) for task in tasks)]
        what = f"{choice.name!r} learns {' and '.join(own)} tasks, but data.task is {task}"
        yield Fault(f"{block}.name", what, f"for this task: {', '.join(fitting)}")


def _reading_faults(block: str, choice: Choice, target: str) -> Iterator[Fault]:
    for path, column in columns_of(block, choice).items():
        if column == target:
            yield Fault(path, f"{column!r} is the target itself, which no row has when it is asked", "name an input")


def _probability_faults(run: Run) -> Iterator[Fault]:
    blocks = [block for block in ("trainer", "baseline") if not gives_probabilities(getattr(run, block))]
    if run.metric in NOT_RANKED:
        what = f"{run.metric!r} does not rank models: one that predicts fewer rows is right more often"
        yield Fault("metric", what, f"use it as a threshold, gate.min.{run.metric}")
    if run.metric in NEED_PROBABILITIES and blocks:
        what = f"{run.metric!r} needs probabilities, and the {blocks[0]} {getattr(run, blocks[0]).name!r} gives none"
        yield Fault("metric", what, f"metric={WITHOUT_PROBABILITIES}, which auto takes here, or another without them")
    asked = [(side, name) for side in ("min", "max") for name in getattr(run.gate, side) if name in NEED_PROBABILITIES]
    for side, name in asked if "trainer" in blocks else []:
        what = f"{name!r} needs probabilities, and the trainer {run.trainer.name!r} gives none"
        hint = "ask for balanced_accuracy, coverage or answered_accuracy there, or choose gate=default"
        yield Fault(f"gate.{side}.{name}", what, hint)


_GOES_BY = {"time": "the column with each row's timestamp", "group": "the column whose equal values share a set"}


def _split_faults(run: Run) -> Iterator[Fault]:
    method, by = run.split.method.name, run.split.by
    if method == ORIGINS or run.data.forecasts:
        yield from _origin_faults(run, method, by)
        return
    if registry.origin("split", method) != registry.OWN:
        return
    if method not in _GOES_BY:
        if by is not None:
            what = f"split {method!r} draws each row by itself and has no use for a column"
            yield Fault("split.by", what, "leave it out")
    elif by is None:
        yield Fault("split.by", f"must be given: {_GOES_BY[method]}", "split.by=COLUMN or in the experiment's file")
    elif by == run.data.target:
        what = f"{by!r} is the target; split {method!r} needs {_GOES_BY[method]}, known before the target is"
        yield Fault("split.by", what, "name another column")


def _explore_faults(run: Run) -> Iterator[Fault]:
    if run.data.forecasts and EXPLORE in run.spec.stages:
        what = "series are not described yet: the page shows columns of a table"
        yield Fault("pipeline", what, "leave out data.horizon and data.time to look at the table, or choose training")


def _retraining_faults(run: Run) -> Iterator[Fault]:
    if RETRAINING not in run.spec.stages:
        return
    if run.data.forecasts:
        what = "labels of forecasts are not joined with series yet"
        yield Fault("pipeline", what, "put what came into the series' table, and run pipeline=lifecycle")
    elif run.split.time is not None:
        what = "with a split by time the newest rows test, and no labelled row of the journal could be learnt from"
        yield Fault("split.name", what, "put labelled rows into the data and run pipeline=lifecycle, or choose a split")


def _origin_faults(run: Run, method: str, by: str | None) -> Iterator[Fault]:
    if not run.data.forecasts:
        what = "the split 'origins' is of forecasts, and data.horizon is not declared"
        yield Fault("split.name", what, "declare data.time and data.horizon, or choose another split")
    elif method != ORIGINS:
        what = f"the split {method!r} would test forecasts on times that they learnt from"
        yield Fault("split.name", what, "split=origins: the newest origins test, earlier ones teach")
    elif by not in (None, run.data.time):
        yield Fault("split.by", f"windows go by data.time, {run.data.time!r}, not by {by!r}", "leave it out")


def _review_faults(run: Run, tasks: tuple[Task, ...]) -> Iterator[Fault]:
    if run.review is not None and tasks in (("regression",), ("forecast",)):
        what = f"a {tasks[0]} predicts values, and a value has no probability to be sure of"
        yield Fault("review", what, "leave it out, or choose a classification task")


def _stack_faults(run: Run) -> Iterator[Fault]:
    for kind in run.spec.components:
        if kind not in run.stack.components:
            what = f"stack {run.stack.name!r} has none, and pipeline {run.pipeline!r} needs one"
            yield Fault(f"stack.{kind}", what, "choose another stack= or pipeline=")
