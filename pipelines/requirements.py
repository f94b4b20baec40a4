"""What a pipeline needs to find before it can start at all."""

from typing import Any

from pipelines.circumstances import production
from schemas.errors import ConfigurationError, Fault
from schemas.home import Home
from schemas.plan import Missing
from schemas.run import Run

_FIRST = "python run.py +experiment=… pipeline=lifecycle"


def missing(client: Any | None, run: Run, home: Home) -> list[Missing]:
    """Return what the pipeline needs and does not find: something to deploy, to monitor, to answer with.

    Args:
        client: ZenML's client; None when there is no store yet.
    """
    if run.pipeline == "monitoring" and production(run.name, home) is None:
        return [
            Missing(what=f"no version of {run.name!r} is in production: there is nothing to monitor", command=_FIRST)
        ]
    if run.pipeline == "batch_inference" and production(run.name, home) is None:
        return [Missing(what=f"no version of {run.name!r} is in production: nothing can answer", command=_FIRST)]
    if run.pipeline == "deployment" and (client is None or newest_passed(client, run.name) is None):
        return [
            Missing(what=f"no version of {run.name!r} has passed the gate: there is nothing to deploy", command=_FIRST)
        ]
    return []


def require(client: Any, run: Run, home: Home) -> None:
    """Refuse a pipeline that cannot start.

    Raises:
        ConfigurationError: With every fault; nothing was started.
    """
    faults = [Fault("pipeline", absent.what, absent.command) for absent in missing(client, run, home)]
    if not faults and run.pipeline == "batch_inference":
        from pipelines.answering import unanswerable

        faults = unanswerable(run, home)
    if faults:
        raise ConfigurationError(faults, heading="The pipeline cannot start")


def newest_passed(client: Any, model: str) -> Any | None:
    """Return the newest registered version that the gate let through, None when there is none."""
    from zenml.utils.pagination_utils import depaginate_stream

    try:
        versions = depaginate_stream(
            client.list_model_versions, model=model, sort_by="desc:number", size=100, hydrate=True
        )
        return next((version for version in versions if version.run_metadata.get("gate") == "passed"), None)
    except KeyError:  # the model was never registered
        return None
