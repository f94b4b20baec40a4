"""What must be true before anything starts: the data is there, its header has the named columns, the port is free."""

from tempfile import TemporaryFile

from cli.config.components import columns_of
from cli.preflight.looked import where_looked
from cli.preflight.secrets import secrets_at_hand
from ml.components.source import Source
from schemas.column_names import composed
from schemas.errors import ConfigurationError, Fault, did_you_mean, listed
from schemas.home import Home
from schemas.run import Run
from steps.components import create


def preflight(run: Run) -> None:
    """Look before starting.

    Raises:
        ConfigurationError: With everything that is missing.
    """
    with secrets_at_hand(run) as absent:
        faults, elsewhere = _seen(run)
    if absent and (faults or elsewhere):  # what is seen elsewhere without them is not what steps would see
        faults = [*absent, *faults]
    else:
        faults += elsewhere
    if run.spec.deploys:
        faults += _service_faults(run)
    if faults:
        raise ConfigurationError(faults, "The run cannot start")


def _service_faults(run: Run) -> list[Fault]:
    """Return what keeps the service from its address, what it is to look up, and where it is to archive."""
    home, found = Home.here().root, list[Fault]()
    if run.deploy.port != "auto":
        from serving.process.port import faults as port_faults

        found += port_faults(home, run.name, run.deploy)
    if run.deploy.is_exposed:
        from serving.process.exposure import faults as exposure_faults

        found += exposure_faults(home, run.name, run.deploy)
    if run.deploy.lookups:
        from serving.lookups.opening import faults as lookup_faults

        found += lookup_faults(run.deploy.lookups)
    if run.journal.archive is not None:
        from serving.process.archive_folder import faults as folder_faults

        found += folder_faults(run.journal)
    return found


def _seen(run: Run) -> tuple[list[Fault], list[Fault]]:
    """Return what is wrong with rows and files: with those of this machine, and with all others."""
    here, elsewhere = list[Fault](), list[Fault]()
    if "rows" in run.spec.inputs:
        (here if _is_here(run) else elsewhere).extend(data_faults(run))
    if "batch" in run.spec.inputs and run.batch is not None:
        from cli.preflight.batch import batch_faults

        elsewhere += batch_faults(run.batch)
    return here, elsewhere


def _is_here(run: Run) -> bool:
    try:
        return bool(create("load", run.data.source).needs_this_machine)
    except ConfigurationError:  # told with the faults of the data
        return False


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
    try:
        source = create("load", run.data.source)
        wrong = source.preflight()
        header = None if wrong else source.header()
    except ConfigurationError as error:  # a component's secret that is not there
        wrong, header = error.faults, None
    wrong = [
        Fault(f"data.{fault.path}".rstrip("."), fault.message, fault.hint or where_looked(fault)) for fault in wrong
    ]
    return wrong if header is None else wrong + _column_faults(run, [composed(name) for name in header], source)


def named_columns(run: Run) -> dict[str, str]:
    """Return the raw columns that the run names, by key path."""
    named = {"data.target": run.data.target} | {f"data.columns.{name}": name for name in run.data.columns}
    if run.split.by is not None:
        named["split.by"] = run.split.by
    for block, choice in (("trainer", run.trainer), ("baseline", run.baseline)):
        named |= columns_of(block, choice)
    return named


def _column_faults(run: Run, header: list[str], source: Source) -> list[Fault]:
    absent = {path: column for path, column in named_columns(run).items() if column not in header}
    if not absent:
        return []
    hint = source.header_elsewhere(list(absent.values()))
    if not hint and (why := source.why_no_table()):
        # What it begins with is not shown: it may be a password file.
        hint, header = f"the file {why}", []
    return [
        Fault(
            path,
            f"there is no column {column!r}.{did_you_mean(column, header)}",
            hint or f"columns: {listed(header)}",
        )
        for path, column in absent.items()
    ]
