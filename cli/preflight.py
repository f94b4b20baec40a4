"""What must be true before anything starts: the data is there, its header has the named columns, the port is free."""

from tempfile import TemporaryFile
from typing import Any

from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.home import Home
from schemas.run import Run
from steps import registry

_LOADING = ("lifecycle", "training")
_DEPLOYING = ("lifecycle", "deployment")


def preflight(run: Run) -> None:
    """Look before starting.

    Raises:
        ConfigurationError: With everything that is missing.
    """
    faults: list[Fault] = []
    if run.pipeline in _LOADING:
        faults += data_faults(run)
    if run.pipeline in _DEPLOYING and run.deploy.port != "auto":
        from serving.port import faults as port_faults

        faults += port_faults(Home.here().root, run.name, run.deploy)
    if faults:
        raise ConfigurationError(faults, "The run cannot start")


def make_home() -> None:
    """Make the folder that runs leave things in: found out before the start, not after the training.

    Raises:
        ConfigurationError: If it cannot be made or written.
    """
    home = Home.here().root
    try:
        home.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=home):
            pass
    except OSError as error:
        fault = Fault("DRIVETRAIN_HOME", f"{home} cannot be written: {error.strerror}", "set it to a folder of yours")
        raise ConfigurationError([fault], "The run cannot start") from error


def data_faults(run: Run) -> list[Fault]:
    """Return what the source misses, or which declared columns its header does not have."""
    component = registry.lookup("load", run.data.source.name)
    source: Any = component(component.Params.model_validate(run.data.source.params))
    wrong = [Fault(f"data.{fault.path}".rstrip("."), fault.message, fault.hint) for fault in source.preflight()]
    header = None if wrong else source.header()
    return wrong if header is None else wrong + _column_faults(run, header)


def _column_faults(run: Run, header: list[str]) -> list[Fault]:
    named = {"data.target": run.data.target} | {f"data.columns.{name}": name for name in run.data.columns}
    if run.split.by is not None:
        named["split.by"] = run.split.by
    faults = []
    for path, column in named.items():
        if column not in header:
            listed = ", ".join(header[:40]) + (f" and {len(header) - 40} more" if len(header) > 40 else "")
            faults.append(
                Fault(path, f"there is no column {column!r}.{did_you_mean(column, header)}", f"columns: {listed}")
            )
    return faults
