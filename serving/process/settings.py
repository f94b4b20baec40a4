"""The settings of a service process: one JSON file, named by one environment variable; no argument holds a URL.

A Bento that somebody serves by `bentoml serve` is told of no file: its settings are environment variables.
"""

import os
from pathlib import Path

from pydantic import ValidationError

from schemas.base import Name, Strict
from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.journal_spec import JournalSpec
from serving.process import contents, patience, variables
from serving.process.members import VARIABLE

HOST = "127.0.0.1"


class Settings(Strict):
    """`cache` is the folder for fetched packages, `poll` the seconds between polls of the releases.

    `keys` is the file of the service's keys, which need not be there; None: there can be none.
    The supervisor, which imports nothing for it, reads `host` and `port` from the file.
    """

    model: Name
    journal_url: str
    cache: Path
    keys: Path | None = None
    host: str = HOST
    port: int = 0
    spec: DeploySpec = DeploySpec()
    journal: JournalSpec = JournalSpec()
    poll: float = 0.05

    @property
    def lock_timeout(self) -> float:
        """Seconds to wait while somebody else writes the journal."""
        return patience.lock_timeout(self.spec.deadline)

    @property
    def closing(self) -> float:
        """Seconds in which a worker must have closed that has nothing in work any more."""
        return patience.closing(self.spec.deadline)

    @property
    def patience(self) -> float:
        """Seconds that an answer waits for its commit, where it is given without one in the end."""
        return min(1.0, 0.25 * self.spec.deadline)


def is_alone() -> bool:
    """Say whether this process is of a service that BentoML started by itself: no settings file is named."""
    return not os.environ.get(VARIABLE)


def read() -> Settings:
    """Read the settings of this process.

    Raises:
        ConfigurationError: If an environment variable is unknown, or holds what cannot be.
        DeploymentError: If there are none.
    """
    if is_alone():
        return _of_environment()
    path = os.environ[VARIABLE]
    try:
        return Settings.model_validate_json(Path(path).read_bytes())
    except (OSError, ValidationError) as error:
        raise DeploymentError(f"The service's settings {path} cannot be read: {error}") from error


def _of_environment() -> Settings:
    inside = contents.read()
    if inside is None:
        raise DeploymentError(
            f"{VARIABLE} does not name the service's settings file, and this is no Bento; start it through "
            "serving.process.services"
        )
    chosen = variables.chosen(os.environ, inside.model)
    return Settings(
        model=inside.model,
        journal_url=chosen.journal_url,
        cache=chosen.cache,
        keys=chosen.keys,
        spec=chosen.deploy,
        journal=chosen.journal,
    )
