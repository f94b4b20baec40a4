"""What a deployer is asked to publish."""

from schemas.base import Name, Strict
from schemas.run import DeploySpec


class Publication(Strict):
    """One version of one model, and where its service keeps what it leaves."""

    model: Name
    version: str
    package_url: str
    home: str
    spec: DeploySpec
