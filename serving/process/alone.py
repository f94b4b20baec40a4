"""A service that `bentoml serve` starts, and not our supervisor: what is checked and set before any worker starts."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from schemas.errors import DeploymentError, DrivetrainError
from serving.journal import tables
from serving.journal.archiving import NO_PYARROW, has_pyarrow
from serving.journal.integrity import Integrity
from serving.journal.late_opening import LateOpening
from serving.keys.client import VARIABLE as KEY_VARIABLE
from serving.process import contents, notes, settings, variables
from serving.process.settings import Settings
from serving.releases.first_version import FirstVersion
from serving.releases.known_releases import KnownReleases
from serving.releases.publisher import current_release

_GRACE_SECONDS = 5.0
_PATIENCE = 120.0  # seconds until every worker must have loaded the version inside, and beyond those that it may take
_LOADING_SPARE = 30.0


def prepare() -> None:
    """Check the service's settings, make its journal, and set what BentoML hands on to its workers.

    Raises:
        BentoMLException: If the settings cannot be: BentoML says it and ends, rather than start worker after worker.
    """
    from bentoml.exceptions import BentoMLConfigException

    os.environ[variables.FOLDER] = str(Path.cwd())
    try:
        config = settings.read()
        if config.journal.archive is not None and not has_pyarrow():
            raise DeploymentError(NO_PYARROW)
        _make_journal(config)
        _require_folder(config.cache)
    except DrivetrainError as error:
        raise BentoMLConfigException(str(error)) from None
    except OSError as error:  # of the folder that the journal is to be in
        raise BentoMLConfigException(f"The journal cannot be created: {error.filename}: {error.strerror}") from None
    os.environ[notes.VARIABLE], os.environ[notes.WANTED] = _folder_of_notes(), str(_wanted())
    ours = bentoml_environment(os.environ, config.spec.deadline)
    kept = {name: os.environ[name] for name in ours.keys() & os.environ.keys() - {"BENTOML_CONFIG_OPTIONS"}}
    os.environ.update(ours | kept)
    os.environ.pop(KEY_VARIABLE, None)  # of who starts it, for programs that ask


def _make_journal(config: Settings) -> None:
    """Make the journal, which must say or get to know what is in production.

    Raises:
        DeploymentError: If it cannot be; not so where it is away, answers go on without it, and a worker knows what was
            in production: the workers open it once it is back.
        OSError: If the folder that it is to be in cannot.
    """
    if config.journal.policy == "drop" and KnownReleases(config.cache, config.journal_url).read():
        if not _is_open(config):
            return
    else:
        tables.create(config.journal_url)
    _require_version(config.journal_url)


def _is_open(config: Settings) -> bool:
    """Say whether a journal that may be away answers at once. Raises DeploymentError if it cannot be used at all."""
    integrity = Integrity(config.journal_url, config.model)
    opening = LateOpening(config.journal_url, integrity)
    opening.attempt()
    opening.stop()
    if integrity.error is not None:
        raise DeploymentError(integrity.error)
    return opening.why is None


def _folder_of_notes() -> str:
    """Return a folder that the workers share for as long as this process lives, which starts them."""
    folder = tempfile.mkdtemp(prefix="drivetrain-workers-")
    mine = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == mine else None)
    return folder


def _wanted() -> int:
    """Return how many workers BentoML was told to start."""
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.resource import system_resources

    workers = BentoMLContainer.config.get().get("services", {}).get("drivetrain", {}).get("workers", 1)
    return int(system_resources()["cpu"]) or 1 if workers == "cpu_count" else int(workers or 1)


def first_version(config: Settings, away: Callable[[], str | None]) -> FirstVersion | None:
    """Return what publishes the package inside the Bento; None where our supervisor started us, or there is none.

    Args:
        config: The service's settings.
        away: Says why the journal cannot be asked now, None while it can.
    """
    inside = contents.read() if settings.is_alone() else None
    package = None if inside is None else inside.folder()
    if inside is None or inside.version is None or package is None:
        return None
    patience = max(_PATIENCE, config.spec.load_seconds + _LOADING_SPARE)
    return FirstVersion(config.journal_url, inside.version, package, patience, away)


def bentoml_environment(environment: Mapping[str, str], deadline: float) -> dict[str, str]:
    """Return the variables that the libraries of a worker read.

    Args:
        environment: What is set besides.
        deadline: Seconds until a request is answered by 504.
    """
    # BentoML holds a timer for every request until its own timeout, which cannot be switched off: as short as may be.
    timeout = f"services.drivetrain.traffic.timeout={deadline + _GRACE_SECONDS:g}"
    return {
        "BENTOML_CONFIG_OPTIONS": f"{environment.get('BENTOML_CONFIG_OPTIONS', '')}\n{timeout}".strip(),
        "BENTOML_DO_NOT_TRACK": "True",
        "ORT_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
    }


def _require_folder(cache: Path) -> None:
    """See to it that packages can be kept. Raises DeploymentError."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError as error:
        why = f"cannot be written to: {error.strerror}"
        raise DeploymentError(f"The folder for packages {cache} {why} (DRIVETRAIN_CACHE)") from error


def _require_version(journal_url: str) -> None:
    inside = contents.read()
    if (inside is None or inside.package is None) and current_release(journal_url) is None:
        raise DeploymentError(
            "This Bento holds no package, and its journal has no version in production; deploy the model again, "
            "or give the journal of its service (DRIVETRAIN_JOURNAL_URL)"
        )
