"""What is remembered of a deployed service, so that the next run finds it alive or heals it."""

import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from ml.io.atomic_write import write_whole
from ml.io.file_lock import one_at_a_time
from schemas.base import Strict
from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError, did_you_mean
from schemas.journal_spec import JournalSpec
from serving.process.kept_alive import ROLES, process_id

logger = logging.getLogger("drivetrain.deployment")
_SETTINGS = ".settings.json"
_OF_OLD = ("pid", "started")
"""Keys that 0.1.0 kept."""


class Deployment(Strict):
    """A service in the background; `port` is kept across versions and restarts.

    Which processes it has now is not in it: they are replaced without us.
    """

    name: str
    port: int
    url: str
    code_hash: str
    bento: str
    journal_url: str
    log: Path
    spec: DeploySpec
    journal: JournalSpec = JournalSpec()


def folder(home: Path) -> Path:
    """Return the folder of the deployment records."""
    return home / "deployments"


def read(home: Path, name: str) -> Deployment | None:
    """Return a service's record, None when there is none or it cannot be read (it is then as good as none)."""
    try:
        kept = json.loads((folder(home) / f"{name}.json").read_bytes())
        known = {key: value for key, value in kept.items() if key not in _OF_OLD}
        return Deployment.model_validate_json(json.dumps(known))
    except (FileNotFoundError, ValueError, AttributeError):  # pydantic's errors are ValueErrors
        return None


def write(home: Path, deployment: Deployment) -> None:
    """Replace a service's record, whole, readable by its owner only."""
    write_whole(folder(home) / f"{deployment.name}.json", deployment.model_dump_json(indent=1), private=True)


def remove(home: Path, name: str) -> None:
    """Forget a service."""
    (folder(home) / f"{name}.json").unlink(missing_ok=True)


def names(home: Path) -> list[str]:
    """Return the names of all recorded services."""
    known = {path.stem for path in folder(home).glob("*.json") if "." not in path.stem}
    # One whose run was killed before it wrote the record is there nevertheless.
    return sorted(known | {path.name.removesuffix(_SETTINGS) for path in folder(home).glob(f"*{_SETTINGS}")})


def find(home: Path, name: str) -> Deployment:
    """Return a service's record. Raises DeploymentError, with the nearest known name, when there is none."""
    found = read(home, name)
    known = names(home)
    if found is None and name in known:
        raise DeploymentError(f"{name}: {without_record(home, name)}")
    if found is None:
        have = f"deployed here: {', '.join(known)}" if known else f"nothing is deployed under {home}"
        raise DeploymentError(f"There is no deployment {name!r}.{did_you_mean(name, known)} {have}")
    return found


def without_record(home: Path, name: str) -> str:
    """Return why there is no record of a name that something is left of, and what helps."""
    path = folder(home) / f"{name}.json"
    if path.exists():
        return f"its record cannot be read, {path}; deploy it again, or stop it"
    return "it has no record: its deployment is under way, or was cut off; in that case deploy it again, or stop it"


def supervisor(home: Path, name: str) -> int | None:
    """Return the id of the service's living supervisor, None when there is none."""
    return process_id(settings_path(home, name), "supervisor")


def is_looked_after(home: Path, name: str) -> bool:
    """Say whether the service lives, or will in a moment: its supervisor is there, or its watchdog."""
    return any(process_id(settings_path(home, name), role) is not None for role in ROLES)


def settings_path(home: Path, name: str) -> Path:
    """Return the file that tells a service's processes what they are."""
    return folder(home).resolve() / f"{name}{_SETTINGS}"


def keys_path(home: Path, name: str) -> Path:
    """Return the file of a service's keys: it outlives the service, and a worker reads it again when it changes.

    It has a folder of its own: a container that is given the folder sees a file that took another's place.
    """
    return folder(home).resolve() / f"{name}.keys" / "keys.json"


def lock(
    home: Path, name: str, *, wait: bool = True, tell: Callable[[str], None] = logger.warning
) -> AbstractContextManager[None]:
    """Let one run at a time change a service; the others wait. The lock ends with the process that holds it.

    Args:
        home: DRIVETRAIN_HOME.
        name: The model's name.
        wait: Whether to wait at all.
        tell: Gets a sentence where it is waited for longer than a moment; a run makes a note of what is logged.

    Raises:
        filelock.Timeout: If another process holds it and `wait` is false.
    """
    waiting = partial(tell, f"another command changes the service of {name!r}; waiting until that has ended")
    return one_at_a_time(folder(home) / f".{name}.lock", wait=wait, waiting=waiting)
