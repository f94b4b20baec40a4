"""The one-step pipeline that a ZenML deployment refers to."""

from zenml import pipeline
from zenml.config import DeploymentSettings

from schemas.publication import Publication
from steps.deploy.publish import publish


@pipeline(enable_cache=False, settings={"deployment": DeploymentSettings(api_url_path="", health_url_path="/readyz")})
def deployment(publication: Publication) -> str:
    """Name what is to be published; the stack's deployer does it."""
    version: str = publish(publication=publication, id="publish")
    return version
