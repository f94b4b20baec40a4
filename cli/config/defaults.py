"""Resolve defaults: what a declaration leaves open and other choices decide, before anything sees the run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cli.config.reading import Reading
from ml.trainers.baselines import AUTO, AUTO_MODELS
from schemas.base import Task
from schemas.choice import Choice
from schemas.metrics import AUTO_WITHOUT_PROBABILITIES, WITHOUT_PROBABILITIES
from schemas.run import Run
from schemas.split_spec import ORIGINS
from steps import registry

_AUTO = Choice(name=AUTO)
_RULES = "rules"
_ALL: tuple[Task, ...] = ("binary", "multiclass", "regression")  # a forecast is one where its horizon is declared


def resolve_defaults(reading: Reading) -> Reading:
    """Give the run a metric that trainer and baseline both have, and a baseline that is not the trainer."""
    run = reading.run
    if run is None:
        return reading
    changes: dict[str, Any] = {}
    notes = reading.notes
    graded = gives_probabilities(run.trainer) and gives_probabilities(run.baseline)
    if run.metric == "auto" and not graded:
        changes["metric"] = _ungraded(tasks_of(run))
    if run.data.forecasts and run.split.method.name == ORIGINS and run.split.by is None:
        changes["split"] = run.split.model_copy(update={"by": run.data.time})
    if run.baseline.name not in (AUTO, *AUTO_MODELS) and _alike(run.trainer, run.baseline):
        changes["baseline"] = _AUTO
        notes = (*notes, _cannot_beat_itself(run.trainer.name))
    return replace(reading, run=run.model_copy(update=changes), notes=notes)


def borrow_rules(reading: Reading) -> Reading:
    """Let a trainer `rules` that names none take those of the baseline, which is then `auto`."""
    trainer, baseline = reading.tree.get("trainer"), reading.tree.get("baseline")
    if not isinstance(trainer, Mapping) or not isinstance(baseline, Mapping):
        return reading
    if not (trainer.get("name") == baseline.get("name") == _RULES) or trainer.get("rules") is not None:
        return reading
    own = {key: value for key, value in trainer.items() if key != "rules"}
    borrowed = reading.with_blocks({"trainer": {**baseline, **own}, "baseline": {"name": AUTO}})
    notes = (*reading.notes, _cannot_beat_itself(_RULES))
    return replace(borrowed, moved={**reading.moved, "trainer.rules": "baseline.rules"}, notes=notes)


def _cannot_beat_itself(trainer: str) -> str:
    return f"baseline: {trainer} cannot beat itself, so the baseline is auto"


def _ungraded(tasks: tuple[Task, ...]) -> str:
    if tasks == ("forecast",):
        return "auto"
    if "regression" not in tasks:
        return WITHOUT_PROBABILITIES
    return "auto" if tasks == ("regression",) else AUTO_WITHOUT_PROBABILITIES


def tasks_of(run: Run) -> tuple[Task, ...]:
    """Return the tasks that the declaration leaves open."""
    task = run.data.task
    if task == "auto" and run.trainer.name == "auto":
        return _ALL
    if task == "auto":
        return tuple(registry.lookup("train", run.trainer.name).tasks)
    return ("binary", "multiclass") if task == "classification" else (task,)


def gives_probabilities(choice: Choice) -> bool:
    """Say whether a trainer may predict probabilities; one that never does declares it."""
    return choice == _AUTO or bool(registry.lookup("train", choice.name).gives_probabilities)


def _alike(trainer: Choice, baseline: Choice) -> bool:
    if trainer.name != baseline.name:
        return False
    params = registry.lookup("train", trainer.name).Params
    return bool(params.model_validate(trainer.params) == params.model_validate(baseline.params))
