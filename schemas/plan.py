"""What `action=plan` shows, and who is shown how a run goes on."""

from typing import Literal, Protocol

from schemas.base import Strict
from schemas.events import State
from schemas.stack import Resources, StepName

# The logger to which a long step logs how far it has come.
PROGRESS = "drivetrain.progress"


class PlannedChange(Strict):
    """A flavor, a component or a stack of ZenML's, and what becomes of it.

    `unchanged` is as declared; `restore` was changed by hand and becomes as declared again; `orphan` is one of ours
    that no stack uses, which stays until somebody removes it.
    """

    action: Literal["create", "update", "unchanged", "restore", "orphan"]
    kind: str
    name: str
    details: dict[str, str] = {}

    @property
    def changes(self) -> bool:
        """Whether a run makes it other than it is."""
        return self.action in ("create", "update", "restore")


class PlannedStep(Strict):
    """One step of the pipeline: whether it will run, and why."""

    pipeline: str
    step: str
    component: str | None = None
    action: Literal["run", "reuse", "depends"]
    why: str


class Missing(Strict):
    """Something that is not there, and the command that mends it."""

    what: str
    command: str


class Plan(Strict):
    """Stack changes, steps, resources asked for, what is missing."""

    changes: list[PlannedChange]
    steps: list[PlannedStep]
    resources: dict[StepName, Resources] = {}
    missing: list[Missing] = []


class Observer(Protocol):
    """Is called as a run goes on; `cli` shows it to a person or a log."""

    def stage(self, text: str) -> None:
        """Something outside a step begins (stack changes, deployment)."""

    def step_started(self, pipeline: str, step: str) -> None:
        """A step begins."""

    def step_finished(self, pipeline: str, step: str, seconds: float, state: State, where: str = "") -> None:
        """A step ended, on the machine `where` if it was another one."""

    def progress(self, text: str) -> None:
        """How far the step that runs has come (an epoch, a chunk of rows)."""

    def note(self, text: str) -> None:
        """One line that a person should see (dropped columns, warnings)."""
