"""Services in the background: started, found again, healed and stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from schemas.deploy_spec import DeploySpec
from schemas.errors import ConfigurationError, DeploymentError
from schemas.journal_spec import JournalSpec
from serving.journal import tables
from serving.process import archive_folder, bento, code_closure, exposure, launch, notes, port, records
from serving.process.bento import Packaged
from serving.process.probe import get
from serving.process.records import Deployment

_RESPAWN_SECONDS = 15.0
_OF_OTHERS = ("rollout", "share", "latency_budget")  # keys of `deploy` that the process does not go by


@dataclass(frozen=True)
class Status:
    """A recorded service: whether its process lives, whether it answers requests, and if not, why."""

    deployment: Deployment
    alive: bool
    ready: bool
    why: str | None = None

    def workers(self, home: Path) -> list[str]:
        """Return a sentence about each worker, where there are to be several."""
        wanted = self.deployment.spec.workers
        if wanted == 1 or not self.alive:
            return []
        found, _ = notes.read(notes.folder(records.settings_path(home, self.deployment.name)))
        alive = {note.place: note for note in sorted(found, key=lambda note: note.seen) if note.is_alive}
        return [
            f"worker {place} (process {alive[place].pid}) {alive[place].state}"
            if place in alive
            else f"worker {place} is gone; it is being started again"
            for place in range(1, wanted + 1)
        ]


def running(
    home: Path,
    name: str,
    spec: DeploySpec,
    packaged: Packaged | None,
    journal_url: str,
    journal: JournalSpec | None = None,
) -> Deployment:
    """Return the service, started or healed where need be; it may still have no version to predict with.

    The caller holds the lock of the name. A service that lives, with this code and limits, is left alone; otherwise
    it is started on its recorded port.

    Args:
        home: DRIVETRAIN_HOME.
        name: The model's name.
        spec: Port and limits.
        packaged: The package to put into the Bento, if one has to be built.
        journal_url: The model's journal; a service that writes to another one is started anew.
        journal: What the journal keeps; so is one that keeps something else.

    Raises:
        ConfigurationError: If the declared port belongs to somebody else, other machines would need no key, or the
            archive's folder cannot be.
        DeploymentError: If it does not come up; the end of its log is in the text.
    """
    code_hash, journal = code_closure.code_hash(home), journal or JournalSpec()
    known = records.read(home, name)
    if (
        known
        and _is_as_asked(known, code_hash, spec, journal_url, journal)
        and tables.exists(journal_url)
        and _is_live_soon(home, known)
    ):
        return _remembered(home, known, spec)
    faults = [*port.faults(home, name, spec), *exposure.faults(home, name, spec), *archive_folder.faults(journal)]
    if faults:
        raise ConfigurationError(faults)
    archive_folder.make(journal)
    tag = bento.build(home, name, code_hash, packaged)  # first: while it fails, the old service goes on
    launch.end(home, name)
    started = launch.start(home, name, spec, journal_url, journal, code_hash, tag, _port(home, name, spec, known))
    records.write(home, started)
    return started


def _is_as_asked(known: Deployment, code_hash: str, spec: DeploySpec, journal_url: str, journal: JournalSpec) -> bool:
    found = (known.code_hash, _of_process(known.spec), known.journal_url, known.journal)
    return found == (code_hash, _of_process(spec), journal_url, journal)


def _remembered(home: Path, known: Deployment, spec: DeploySpec) -> Deployment:
    """Return a service's record with what is asked of it now that its process need not know."""
    if known.spec == spec:
        return known
    renewed = known.model_copy(update={"spec": spec})
    records.write(home, renewed)
    return renewed


def _of_process(spec: DeploySpec) -> DeploySpec:
    """Return what of it the process is started with; how a version takes over is its publisher's affair."""
    unset = DeploySpec()
    return spec.model_copy(update={name: getattr(unset, name) for name in _OF_OTHERS})


def stop(home: Path, name: str, tell: Callable[[str], None] = records.logger.warning) -> None:
    """Stop a service and forget it; its journal and packages stay. Raises DeploymentError if it is unknown.

    `tell` gets a sentence where another process is waited for.
    """
    with records.lock(home, name, tell=tell):
        if records.read(home, name) is None and name in records.names(home):
            launch.end(home, name)  # by the settings it was given: its record cannot be read
            records.remove(home, name)
            return
        end(home, records.find(home, name))


def end(home: Path, deployment: Deployment) -> None:
    """Do the work of `stop` for a caller that holds the lock."""
    launch.end(home, deployment.name)
    if (supervisor := records.supervisor(home, deployment.name)) is not None:
        raise DeploymentError(f"{deployment.name} could not be stopped: process {supervisor} still runs")
    records.remove(home, deployment.name)


def status(home: Path, name: str | None = None) -> list[Status]:
    """Return all recorded services, or one. Raises DeploymentError if that one is unknown."""
    if name is not None:
        return [_status(home, records.find(home, name))]
    found = (records.read(home, known) for known in records.names(home))
    return [_status(home, deployment) for deployment in found if deployment is not None]


def _status(home: Path, deployment: Deployment) -> Status:
    if records.supervisor(home, deployment.name) is None:
        comes_back = records.is_looked_after(home, deployment.name)
        again = "it is being started again" if comes_back else "the next deployment starts it again"
        return Status(deployment, False, False, f"its process is gone; {again}")
    code, text = get(f"{deployment.url}/readyz")
    return Status(deployment, True, code == 200, None if code == 200 else text.strip())


def _is_live_soon(home: Path, deployment: Deployment) -> bool:
    """Give the service the time in which what died of it is replaced."""
    deadline = time.monotonic() + _RESPAWN_SECONDS
    while records.is_looked_after(home, deployment.name) and time.monotonic() < deadline:
        if launch.is_live(deployment) and records.supervisor(home, deployment.name) is not None:
            return True
        time.sleep(0.1)
    return False


def _port(home: Path, name: str, spec: DeploySpec, known: Deployment | None) -> int:
    if spec.port != "auto":
        return spec.port
    kept = known is not None and port.is_free(known.port, spec.host)
    return known.port if known and kept else port.choose(home, name, host=spec.host)
