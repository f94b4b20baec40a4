"""The strict base of every schema and the few scalar types they share."""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Scalar = str | int | float | bool
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Task = Literal["binary", "multiclass", "regression", "forecast"]


def learnt_as(tasks: Collection[str], task: str) -> str:
    """Return the task that a trainer of `tasks` is asked to learn: one of values learns each step of a forecast."""
    return "regression" if task == "forecast" and task not in tasks else task


def learns(tasks: Collection[str], task: str) -> bool:
    """Say whether a trainer of these tasks learns a task, if need be as another one."""
    return learnt_as(tasks, task) in tasks


Severity = Literal["off", "warn", "fail"]


class Strict(BaseModel):
    """Frozen, and an unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)
