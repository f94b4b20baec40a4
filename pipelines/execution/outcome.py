"""What a finished ZenML run left: outputs, seconds, and which step failed.

Read from the store, not from the process, so that it holds for every orchestrator.
"""

from pathlib import Path
from typing import Any
from uuid import uuid4

from zenml.client import Client

from ml.io.atomic_write import write_whole
from schemas.summary import REUSED

_DONE = ("completed", "cached")
_LEAST = 0.001
"""Seconds of the shortest step: none would mean that it was reused."""


class Outcome:
    """One ZenML run, found by the name that we gave it."""

    def __init__(self, run: Any) -> None:
        self.run = run
        self._steps: dict[str, Any] = dict(run.steps)

    @classmethod
    def find(cls, name: str) -> "Outcome | None":
        """Return the run named `name`, None when it was never created."""
        found = Client().list_pipeline_runs(name=name, hydrate=True).items
        return cls(found[0]) if found else None

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self.run.id)

    @property
    def failed_step(self) -> str | None:
        """The first step that failed, None when all went well."""
        return next((name for name, step in self._steps.items() if step.status.value == "failed"), None)

    def output(self, step: str, name: str) -> Any | None:
        """Load an output; None when the step did not get that far."""
        artifact = self.artifact(step, name)
        return None if artifact is None else artifact.load()

    def artifact(self, step: str, name: str) -> Any | None:
        """Return an output's artifact version; None when the step did not get that far."""
        done = self._steps.get(step)
        if done is None or done.status.value not in _DONE or name not in done.outputs:
            return None
        return done.outputs[name][0]

    def page(self, step: str, name: str, target: Path) -> str | None:
        """Copy an HTML page to where a person finds it; return the path."""
        html = self.output(step, name)
        return None if html is None else str(write_whole(target, str(html)))

    def seconds(self) -> dict[str, float]:
        """Return each step's seconds; a reused step took none."""
        return {
            name: REUSED if step.status.value == "cached" else max(_LEAST, round(_took(step), 3))
            for name, step in self._steps.items()
            if step.start_time and step.end_time
        }

    def seconds_of_origin(self, step: str) -> float | None:
        """Return the seconds that a step took where its outputs were made, also of a reused one; None if not known."""
        done = self._steps.get(step)
        while done is not None and done.status.value == "cached":
            origin = done.original_step_run_id
            done = None if origin is None else Client().get_run_step(origin)
        return None if done is None or not (done.start_time and done.end_time) else round(_took(done), 3)


def _took(step: Any) -> float:
    return float((step.end_time - step.start_time).total_seconds())


def run_name(experiment: str, pipeline: str) -> str:
    """Return a name that no other run has."""
    return f"{experiment}-{pipeline}-{uuid4().hex[:12]}"
