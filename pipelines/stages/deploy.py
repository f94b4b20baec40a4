"""Publishing a registered version through the stack's deployer."""

from typing import Any

from zenml.client import Client
from zenml.deployers.exceptions import DeployerError

from pipelines.deployment import deployment
from pipelines.execution.registry_stage import PRODUCTION, mirror_stage
from pipelines.execution.requirements import newest_passed
from pipelines.execution.session import RunSession
from schemas.errors import DeploymentError
from schemas.publication import Publication
from schemas.summary import DeploymentRecord, ModelRecord
from serving.journal.tables import sqlite_url
from serving.releases.publisher import releases


def publish_version(session: RunSession, version: str | None) -> dict[str, Any]:
    """Deploy `version`, or the newest registered one that the gate passed, and return what is served.

    Raises:
        DeploymentError: If there is nothing to deploy, or it could not be published; the old version goes on.
    """
    client = Client()
    chosen = (
        newest_passed(client, session.run.name)
        if version is None
        else client.get_model_version(session.run.name, version)
    )
    if chosen is None:
        raise DeploymentError(f"no version of {session.run.name!r} has passed the gate")
    wish = Publication(
        model=session.run.name,
        version=str(chosen.number),
        package_url=_package_url(chosen),
        home=str(session.home.root),
        spec=session.run.deploy,
    )
    session.observer.stage(f"deployment: publish version {wish.version} of {wish.model}")
    try:
        record = deployment.deploy(deployment_name=wish.model, publication=wish)
    except DeployerError as error:
        raise DeploymentError(_plain(error)) from error
    mirror_stage(client, wish.model, wish.version)
    return {
        "model": ModelRecord(name=wish.model, version=wish.version, stage=PRODUCTION),
        "deployment": DeploymentRecord(
            url=str(record.url), releases=releases(sqlite_url(session.home.journal(wish.model)))
        ),
    }


def _package_url(version: Any) -> str:
    artifact = version.get_artifact("model")
    return f"{artifact.uri}/package"


def _plain(error: DeployerError) -> str:
    cause = error.__cause__
    return str(cause) if cause is not None else str(error)
