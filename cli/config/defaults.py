"""Resolve defaults: what a declaration leaves open and other choices decide, before anything sees the run."""

from collections.abc import Mapping
from typing import Any

from ml.trainers.baselines import AUTO, AUTO_MODELS
from schemas.base import Task
from schemas.choice import Choice
from schemas.errors import Fault
from schemas.metrics import AUTO_WITHOUT_PROBABILITIES, WITHOUT_PROBABILITIES
from schemas.run import Run
from steps import registry

_AUTO = Choice(name=AUTO)
_RULES = "rules"
_ALL: tuple[Task, ...] = ("binary", "multiclass", "regression")


def resolve_defaults(run: Run) -> Run:
    """Return the run with a metric that trainer and baseline both have, and a baseline that is not the trainer."""
    changes: dict[str, Any] = {}
    graded = gives_probabilities(run.trainer) and gives_probabilities(run.baseline)
    if run.metric == "auto" and not graded:
        changes["metric"] = _ungraded(tasks_of(run))
    if run.baseline.name not in (AUTO, *AUTO_MODELS) and _alike(run.trainer, run.baseline):
        changes["baseline"] = _AUTO
    return run.model_copy(update=changes)


def _ungraded(tasks: tuple[Task, ...]) -> str:
    if "regression" not in tasks:
        return WITHOUT_PROBABILITIES
    return "auto" if tasks == ("regression",) else AUTO_WITHOUT_PROBABILITIES


def notes_on_defaults(declared: Mapping[str, Any], run: Run) -> list[str]:
    """Return a line for each choice of a person that became another."""
    block = declared.get("baseline")
    if isinstance(block, Mapping) and block.get("name") != _AUTO.name and run.baseline == _AUTO:
        return [f"baseline: {run.trainer.name} cannot beat itself, so the baseline is auto"]
    return []


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
    return choice == _AUTO or bool(getattr(registry.lookup("train", choice.name), "gives_probabilities", True))


def borrow_rules(built: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the blocks of a trainer `rules` that names none and takes those of the baseline, which is then `auto`."""
    trainer, baseline = built.get("trainer"), built.get("baseline")
    if not isinstance(trainer, Mapping) or not isinstance(baseline, Mapping):
        return None
    if not (trainer.get("name") == baseline.get("name") == _RULES) or trainer.get("rules") is not None:
        return None
    own = {key: value for key, value in trainer.items() if key != "rules"}
    return {"trainer": {**baseline, **own}, "baseline": {"name": _AUTO.name}}


def declared_place(fault: Fault) -> Fault:
    """Return a fault of borrowed rules at the place where they were declared."""
    if not fault.path.startswith("trainer.rules"):
        return fault
    return Fault(fault.path.replace("trainer", "baseline", 1), fault.message, fault.hint)


def _alike(trainer: Choice, baseline: Choice) -> bool:
    if trainer.name != baseline.name:
        return False
    params = registry.lookup("train", trainer.name).Params
    return bool(params.model_validate(trainer.params) == params.model_validate(baseline.params))
