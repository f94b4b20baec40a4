"""What a pipeline needs to find before it can start at all."""

from collections.abc import Sequence
from typing import Any

from ml.batch.header import input_faults
from pipelines.execution.context import production
from schemas.column_names import composed
from schemas.errors import ConfigurationError, Fault
from schemas.home import Home
from schemas.plan import Missing
from schemas.run import Run
from schemas.secret import SecretRef
from serving.journal.location import journal_url
from serving.process import records
from serving.releases.package_cache import fetch_signature
from stacks.object_store import artifact_store_faults, store_reached
from steps.components import create
from steps.gate.production import Production

_PATH = "pipeline"
_FIRST = "python run.py +experiment=… pipeline=lifecycle"
_SERVICE = "python run.py +experiment=… pipeline=deployment"


def missing(client: Any | None, run: Run, home: Home, unset: Sequence[Fault]) -> list[Missing]:
    """Return what the pipeline needs and does not find: something to deploy, to monitor, to predict with.

    The variables of the stack are set by whoever calls.

    Args:
        client: ZenML's client; None when there is no store yet.
        run: The declared run.
        home: DRIVETRAIN_HOME, with the journals and deployment records.
        unset: Why some of the variables are not set; nothing else is looked at then, since it would be seen otherwise.
    """
    faults = [*unset] or artifact_store_faults(client, run.stack, write=False) or _faults(client, run, home)
    told = {f"stack.environment.{name}" for name, value in run.stack.environment.items() if _is_of_shell(value)}
    return [
        Missing(what=fault.message if fault.path == _PATH else f"{fault.path}: {fault.message}", command=fault.hint)
        for fault in faults
        if fault.path not in told
    ]


def _is_of_shell(value: str | SecretRef) -> bool:
    """Say whether a variable of the stack is one of the shell's: those are told with the packages that are missing."""
    return isinstance(value, SecretRef) and value.env is not None


def require(client: Any, run: Run, home: Home) -> None:
    """Refuse a pipeline that cannot start; the variables of the stack are set by whoever calls.

    Raises:
        ConfigurationError: With every fault; nothing was started.
    """
    faults = artifact_store_faults(client, run.stack, write=True)
    if faults:
        raise ConfigurationError(faults, heading=f"Stack {run.stack.name!r} cannot work")
    faults = _faults(client, run, home)
    if faults:
        raise ConfigurationError(faults, heading="The pipeline cannot start")


def _faults(client: Any | None, run: Run, home: Home) -> list[Fault]:
    if "passed_version" in run.spec.inputs and (client is None or newest_passed(client, run.name) is None):
        return [Fault(_PATH, f"no version of {run.name!r} has passed the gate: there is nothing to deploy", _FIRST)]
    if "production_version" not in run.spec.inputs:
        return []
    current = production(journal_url(home, run.name, run.stack))
    if current is None:
        what = f"no version of {run.name!r} is in production, and pipeline {run.pipeline!r} needs one"
        return [Fault(_PATH, what, _FIRST)]
    if "service" in run.spec.inputs and records.read(home.root, run.name) is None:
        what = f"{run.name!r} has no service that was deployed from here, and pipeline {run.pipeline!r} copies it"
        return [Fault(_PATH, what, _SERVICE)]
    if "batch" not in run.spec.inputs:
        return []
    with store_reached(client, run.stack):
        return _unpredictable(run, current)


def _unpredictable(run: Run, current: Production) -> list[Fault]:
    """Return why the version in production cannot predict such rows at all, from the header of the input.

    Raises:
        PackageError: If the package in production cannot be read.
    """
    if run.batch is None:
        return []
    source = create("load", run.batch.input)
    header = source.header()
    if header is None:
        return []
    names = [composed(name) for name in header]
    signature = fetch_signature(current.package_url)
    return input_faults(source, names, signature, current.version, journal=run.batch.journal)


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
