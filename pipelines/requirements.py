"""What a pipeline needs to find before it can start at all."""

from typing import Any

from pipelines.circumstances import production
from schemas.errors import ConfigurationError, Fault
from schemas.home import Home
from schemas.run import Run

_NEEDED = {
    "lifecycle": ("deployer", "data_validator"),
    "training": ("data_validator",),
    "deployment": ("deployer",),
    "monitoring": ("data_validator",),
}


def require(client: Any, run: Run, home: Home) -> None:
    """Check that the stack has what the pipeline uses, and that there is something to deploy or to monitor.

    Raises:
        ConfigurationError: With every fault; nothing was started.
    """
    faults = [
        Fault(
            f"stack.{kind}",
            f"stack {run.stack.name!r} has none, and pipeline {run.pipeline!r} needs one",
            "choose another stack=",
        )
        for kind in _NEEDED[run.pipeline]
        if getattr(run.stack, kind) is None
    ]
    if run.pipeline == "monitoring" and production(run.name, home) is None:
        faults.append(
            Fault(
                "pipeline", f"no version of {run.name!r} is in production, so that there is nothing to monitor", _FIRST
            )
        )
    if run.pipeline == "deployment" and newest_passed(client, run.name) is None:
        faults.append(
            Fault(
                "pipeline",
                f"no version of {run.name!r} has passed the gate, so that there is nothing to deploy",
                _FIRST,
            )
        )
    if faults:
        raise ConfigurationError(faults, heading="The pipeline cannot start")


_FIRST = "run the experiment with pipeline=lifecycle first"


def newest_passed(client: Any, model: str) -> Any | None:
    """Return the newest registered version that the gate let through, None when there is none."""
    try:
        versions = client.list_model_versions(model=model, sort_by="desc:number", hydrate=True).items
    except KeyError:
        return None
    return next((version for version in versions if version.run_metadata.get("gate") == "passed"), None)
