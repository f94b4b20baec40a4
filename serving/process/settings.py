"""The settings of a service process: one JSON file, named by one environment variable; no argument holds a URL."""

import os
from pathlib import Path

from pydantic import ValidationError

from schemas.base import Name, Strict
from schemas.errors import DeploymentError
from schemas.run import DeploySpec, JournalSpec
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
        """Seconds to wait while somebody else writes the journal.

        A request can wait for the group before it and then for its own: both end before its deadline.
        """
        return min(5.0, 0.4 * self.spec.deadline)


def read() -> Settings:
    """Read the settings of this process. Raises DeploymentError when there are none."""
    path = os.environ.get(VARIABLE)
    if not path:
        raise DeploymentError(
            f"{VARIABLE} does not name the service's settings file; start it through serving.process.services"
        )
    try:
        return Settings.model_validate_json(Path(path).read_bytes())
    except (OSError, ValidationError) as error:
        raise DeploymentError(f"The service's settings {path} cannot be read: {error}") from error
