"""Publishing a registered version through the stack's deployer, and mirroring the release pointer in ZenML's stages."""

from typing import Any

from zenml.client import Client
from zenml.deployers.exceptions import DeployerError

from pipelines.deployment import deployment
from pipelines.execute import Lap
from schemas.errors import ConfigurationError, DeploymentError, Fault
from schemas.publication import Publication
from schemas.summary import DeploymentRecord, ModelRecord
from serving.publish import releases

_PASSED = "passed"


def publish_version(lap: Lap, version: str | None) -> dict[str, Any]:
    """Deploy `version`, or the newest registered one that the gate passed, and say what is served.

    Raises:
        DeploymentError: If there is nothing to deploy, or it could not be published; the old version goes on.
    """
    client = Client()
    if client.active_stack.deployer is None:
        raise DeploymentError(f"stack {lap.run.stack.name!r} has no deployer; choose a stack with one")
    chosen = _registered(client, lap.run.name, version)
    wish = Publication(
        model=lap.run.name,
        version=str(chosen.number),
        package_url=_package_url(chosen),
        home=str(lap.home.root),
        spec=lap.run.deploy,
    )
    lap.observer.stage(f"deployment: publish version {wish.version} of {wish.model}")
    try:
        record = deployment.deploy(deployment_name=wish.model, publication=wish)
    except DeployerError as error:
        raise DeploymentError(_plain(error)) from error
    client.update_model_version(wish.model, wish.version, stage="production", force=True)
    return {
        "model": ModelRecord(name=wish.model, version=wish.version, stage="production"),
        "deployment": DeploymentRecord(url=str(record.url), releases=releases(lap.home.journal_url(wish.model))),
    }


def _registered(client: Client, model: str, version: str | None) -> Any:
    if version is not None:
        return client.get_model_version(model, version)
    for candidate in client.list_model_versions(model=model, sort_by="desc:number", hydrate=True).items:
        if candidate.run_metadata.get("gate") == _PASSED:
            return candidate
    raise ConfigurationError(
        [Fault("name", f"no version of {model!r} has passed the gate", f"run: python run.py +experiment=… pipeline=training (name={model})")],
        heading="There is nothing to deploy",
    )


def _package_url(version: Any) -> str:
    artifact = version.get_artifact("model")
    return f"{artifact.uri}/package"


def _plain(error: DeployerError) -> str:
    cause = error.__cause__
    return str(cause) if cause is not None else str(error)
