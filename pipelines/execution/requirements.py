"""What a pipeline needs to find before it can start at all."""

from typing import Any

from ml.batch.header import header_faults
from pipelines.execution.context import production
from schemas.errors import ConfigurationError, Fault
from schemas.home import Home
from schemas.plan import Missing
from schemas.run import Run
from steps.components import create
from steps.gate.production import Production, opened

_PATH = "pipeline"
_FIRST = "python run.py +experiment=… pipeline=lifecycle"


def missing(client: Any | None, run: Run, home: Home) -> list[Missing]:
    """Return what the pipeline needs and does not find: something to deploy, to monitor, to answer with.

    Args:
        client: ZenML's client; None when there is no store yet.
        run: The declared run.
        home: DRIVETRAIN_HOME, with the journals and deployment records.
    """
    return [
        Missing(what=fault.message if fault.path == _PATH else f"{fault.path}: {fault.message}", command=fault.hint)
        for fault in _faults(client, run, home)
    ]


def require(client: Any, run: Run, home: Home) -> None:
    """Refuse a pipeline that cannot start.

    Raises:
        ConfigurationError: With every fault; nothing was started.
    """
    faults = _faults(client, run, home)
    if faults:
        raise ConfigurationError(faults, heading="The pipeline cannot start")


def _faults(client: Any | None, run: Run, home: Home) -> list[Fault]:
    if run.pipeline == "monitoring" and production(run.name, home) is None:
        return [Fault(_PATH, f"no version of {run.name!r} is in production: there is nothing to monitor", _FIRST)]
    if run.pipeline == "deployment" and (client is None or newest_passed(client, run.name) is None):
        return [Fault(_PATH, f"no version of {run.name!r} has passed the gate: there is nothing to deploy", _FIRST)]
    if run.pipeline == "batch_inference":
        current = production(run.name, home)
        if current is None:
            return [Fault(_PATH, f"no version of {run.name!r} is in production: nothing can answer", _FIRST)]
        return _unanswerable(run, current)
    return []


def _unanswerable(run: Run, current: Production) -> list[Fault]:
    """Return why the version in production cannot answer such rows at all, from the header of the input.

    Raises:
        PackageError: If the version in production cannot be loaded.
    """
    header = None if run.batch is None else create("load", run.batch.input).header()
    if header is None:
        return []
    with opened(current) as model:
        return header_faults(header, model.signature, current.version)


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
