"""Which process runs a ZenML run: noted in the run itself, where everybody who uses the store finds it.

It stands in the `extra` of the run's configuration, which is stored before the run is, and which no cache key covers.
Only runs whose steps run in our process have one: what becomes of the others is known to their orchestrator.
"""

from typing import Any

from pydantic import ValidationError

from ml.io.process_identity import ProcessIdentity
from schemas.base import Strict
from schemas.run import Run

_KEY = "drivetrain"
_DRIVEN = ("local", "drivetrain_ray")


class Lease(Strict):
    """The process that runs it."""

    process: ProcessIdentity


def lease(run: Run) -> dict[str, Any]:
    """Return what a ZenML run that this process starts has as `extra`."""
    if run.stack.orchestrator.flavor not in _DRIVEN:
        return {}
    return {_KEY: Lease(process=ProcessIdentity.mine()).model_dump()}


def lease_of(zenml_run: Any) -> Lease | None:
    """Return a run's lease; None for one that is not ours, or that no process of ours runs."""
    try:
        return Lease.model_validate(zenml_run.config.extra[_KEY])
    except (KeyError, ValidationError):
        return None
