"""What a deployer is asked to publish."""

from schemas.base import Name, Strict
from schemas.deploy_spec import DeploySpec
from schemas.journal_spec import JournalSpec


class Publication(Strict):
    """One version of one model, and where its service keeps what it leaves."""

    model: Name
    version: str
    package_url: str
    home: str
    journal_url: str | None = None  # None in what was recorded before it could be chosen: the home's own
    spec: DeploySpec
    journal: JournalSpec = JournalSpec()
