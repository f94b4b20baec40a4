"""What an orchestrator of ours asks of whatever runs its steps: a Ray cluster, later a Slurm one."""

from contextlib import AbstractContextManager
from typing import Protocol

from schemas.events import StepEvent
from stacks.remote.steps import Ended, StepTask


class Backend(Protocol):
    """Runs steps in other processes while its context lasts; leaving it cancels what still runs."""

    @property
    def is_here(self) -> bool:
        """Whether all its machines are this one, so that files and databases of this machine are at hand."""

    def start(self, task: StepTask) -> None:
        """Begin an attempt as soon as there is room for it; does not wait."""

    def poll(self, seconds: float) -> list[StepEvent | Ended]:
        """Return what has happened since, waiting up to `seconds` for something to."""

    def cancel(self) -> None:
        """End everything that runs, by force."""


Backends = AbstractContextManager[Backend]
