"""What a step that runs elsewhere is given, and what comes back of it."""

from dataclasses import dataclass, field
from typing import Any

from schemas.base import Strict
from schemas.errors import DrivetrainError

_HERE = "drivetrain_here"


def here(needed: bool) -> dict[str, Any]:
    """Return the `extra` of a step that needs files or databases of the machine that the command runs on, or not."""
    return {_HERE: needed}


def runs_here(step: Any) -> bool:
    """Say whether a step of ZenML's needs the machine that the command runs on."""
    return bool(step.config.extra.get(_HERE))


class StepTask(Strict):
    """One attempt at a step.

    `environment` holds tokens of ZenML's store and the secrets of the stack: it goes from process to process, and is
    written nowhere. `avoid` are nodes on which an earlier attempt was lost.
    """

    snapshot: str
    step: str
    attempt: int = 1
    cpus: float = 1.0
    gpus: int = 0
    memory: int | None = None
    avoid: tuple[str, ...] = ()
    environment: dict[str, str] = {}


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed; `lost` where its machine or its process was, so that another may well succeed."""

    text: str
    lost: bool = False
    is_ours: bool = False


@dataclass(frozen=True)
class Ended:
    """An attempt that is over; `node` is where it ran, empty where that is not known."""

    step: str
    failure: Failure | None = None
    node: str = field(default="", compare=False)


class RemoteStepError(Exception):
    """A step failed elsewhere; the text begins with the type of the error there."""


def error_of(ended: Ended) -> Exception:
    """Return the error to raise here for an attempt that failed: one of ours, written for a person, stays one."""
    failure = ended.failure
    assert failure is not None, "it failed"
    if failure.lost:
        return DrivetrainError(f"Step {ended.step} was lost: {failure.text}")
    return DrivetrainError(failure.text) if failure.is_ours else RemoteStepError(failure.text)
