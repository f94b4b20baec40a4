"""What is remembered of a deployed service, so that the next run finds it alive or heals it."""

from contextlib import AbstractContextManager
from pathlib import Path

import psutil
from pydantic import ValidationError

from ml.io.atomic_write import write_whole
from ml.io.file_lock import one_at_a_time
from schemas.base import Strict
from schemas.errors import DeploymentError, did_you_mean
from schemas.run import DeploySpec
from serving.process.settings import VARIABLE


class Deployment(Strict):
    """A service in the background.

    `started` is the process' start (seconds since the epoch): together with `pid` it names one process for ever, also
    after a reboot. `port` is kept across versions and restarts.
    """

    name: str
    pid: int
    started: float
    port: int
    url: str
    code_hash: str
    bento: str
    journal_url: str
    log: Path
    spec: DeploySpec


def folder(home: Path) -> Path:
    """Return the folder of the deployment records."""
    return home / "deployments"


def read(home: Path, name: str) -> Deployment | None:
    """Return a service's record, None when there is none or it cannot be read (it is then as good as none)."""
    try:
        return Deployment.model_validate_json((folder(home) / f"{name}.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write(home: Path, deployment: Deployment) -> None:
    """Replace a service's record, whole, readable by its owner only."""
    write_whole(folder(home) / f"{deployment.name}.json", deployment.model_dump_json(indent=1), private=True)


def remove(home: Path, name: str) -> None:
    """Forget a service."""
    (folder(home) / f"{name}.json").unlink(missing_ok=True)


def names(home: Path) -> list[str]:
    """Return the names of all recorded services."""
    return sorted(path.stem for path in folder(home).glob("*.json") if "." not in path.stem)


def find(home: Path, name: str) -> Deployment:
    """Return a service's record. Raises DeploymentError, with the nearest known name, when there is none."""
    found = read(home, name)
    known = names(home)
    if found is None and name in known:
        path = folder(home) / f"{name}.json"
        raise DeploymentError(f"The record of {name!r}, {path}, cannot be read; deploy it again, or stop it")
    if found is None:
        have = f"deployed here: {', '.join(known)}" if known else f"nothing is deployed under {home}"
        raise DeploymentError(f"There is no deployment {name!r}.{did_you_mean(name, known)} {have}")
    return found


def is_alive(deployment: Deployment) -> bool:
    """Say whether the recorded process still runs: this very one, not another with its id."""
    try:
        process = psutil.Process(deployment.pid)
        same = abs(process.create_time() - deployment.started) < 2
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def settings_path(home: Path, name: str) -> Path:
    """Return the file that tells a service's processes what they are."""
    return folder(home).resolve() / f"{name}.settings.json"


def members(home: Path, name: str) -> list[psutil.Process]:
    """Return the living processes of a service, known by the settings they were given.

    So workers are found too when their supervisor was killed (each has a session of its own), and a service whose
    record was lost.
    """
    found, mine = [], str(settings_path(home, name))
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if process.info["status"] == psutil.STATUS_ZOMBIE or not any("bentoml" in word for word in words):
            continue
        try:
            if process.environ().get(VARIABLE) == mine:
                found.append(process)
        except psutil.Error:  # ended meanwhile, or somebody else's
            continue
    return found


def lock(home: Path, name: str) -> AbstractContextManager[None]:
    """Let one run at a time change a service; the others wait. The lock ends with the process that holds it."""
    return one_at_a_time(folder(home) / f".{name}.lock")
