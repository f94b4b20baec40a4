"""Step `publish`: which version a deployment serves; the stack's deployer reads it from here and does the work."""

from typing import Annotated

from zenml import step

from schemas.publication import Publication


@step(enable_cache=False)
def publish(publication: Publication) -> Annotated[str, "version"]:
    """Name the version that the deployment serves."""
    return publication.version
