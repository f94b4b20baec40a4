"""The stage that deploys: a registered version is published through the stack's deployer."""

from typing import Any

from zenml.client import Client
from zenml.deployers.exceptions import DeployerError
from zenml.enums import StackComponentType
from zenml.stack import StackComponent

from ml.io.storage_errors import storage_error
from pipelines.deployment import deployment
from pipelines.execution.registry_stage import PRODUCTION, mirror_or_note
from pipelines.execution.requirements import newest_passed
from pipelines.execution.session import Part, RunSession
from schemas.errors import DeploymentError
from schemas.publication import Publication
from schemas.release import Release
from schemas.summary import DeploymentRecord, ModelRecord
from serving.journal.tables import exists
from serving.process.publications import under_way
from serving.releases.publisher import releases
from stacks.environment import variables_set
from stacks.object_store import secret_environment
from steps.materializers.package import package_url


def deploy(session: RunSession, parts: Part) -> Part:
    """Publish the version just trained, or the newest registered one that the gate passed.

    Raises:
        DeploymentError: If there is nothing to deploy, or it could not be published; the old version goes on.
    """
    client, trained, model = Client(), parts.get("model"), session.run.name
    chosen = newest_passed(client, model) if trained is None else client.get_model_version(model, trained.version)
    if chosen is None:
        raise DeploymentError(f"no version of {model!r} has passed the gate")
    wish = Publication(
        model=model,
        version=str(chosen.number),
        package_url=_package_url(chosen),
        home=str(session.home.root),
        journal_url=session.journal_url,
        spec=session.run.deploy,
        journal=session.run.journal,
    )
    session.observer.stage(f"deployment: publish version {wish.version} of {wish.model}")
    before = _beside(session)
    with under_way(session.home.root, model, wish.version, session.journal_url, wish.spec):
        _take_over(client, session.stack, model)
        try:
            with variables_set(secret_environment(client, session.run.stack)):  # a service inherits them
                record = deployment.deploy(deployment_name=wish.model, publication=wish)
        except DeployerError as error:
            raise DeploymentError(_plain(error)) from error
        published = releases(session.journal_url)
        in_production = published[0].version  # another one where this is a canary or a shadow
        mirror_or_note(client, wish.model, in_production, session.observer)
    stage = PRODUCTION if wish.version == in_production else None
    for one in published:
        if one.version == wish.version != in_production:
            session.observer.note(f"deployment: version {one.version} {_role(one)}; {in_production} is in production")
            if wish.spec.stages is not None:
                look = f"python -m serving status {wish.model}"
                session.observer.note(f"deployment: its rollout goes on by itself, stage by stage; watch it: {look}")
        elif one.version in before and not (one.weight or one.shadow):
            session.observer.note(f"deployment: version {one.version} {before[one.version]} no more")
    return {
        "model": ModelRecord(name=wish.model, version=wish.version, stage=stage),
        "deployment": DeploymentRecord(url=str(record.url), releases=published),
    }


def _beside(session: RunSession) -> dict[str, str]:
    """Return what each version does that stands beside the one in production."""
    if not exists(session.journal_url):
        return {}
    return {one.version: _role(one) for one in releases(session.journal_url)[1:] if one.weight or one.shadow}


def _role(one: Release) -> str:
    return "follows unseen" if one.shadow else f"answers {one.weight:.4g} of the requests"


def _take_over(client: Any, stack: Any, model: str) -> None:
    """Let this stack's deployer have a deployment that was made through another with the same flavor.

    Only ZenML's record goes, which names the other deployer: the service belongs to its folder and goes on.
    """
    try:
        known = client.get_deployment(model)
    except KeyError:
        return
    (ours,) = stack.components[StackComponentType.DEPLOYER]
    if known.deployer is not None and known.deployer.id != ours.id and known.deployer.flavor_name == ours.flavor_name:
        client.zen_store.delete_deployment(known.id)


def _package_url(version: Any) -> str:
    artifact = version.get_artifact("model")
    return package_url(_store_of(artifact), artifact.uri)


def _store_of(artifact: Any) -> Any:
    """Return the artifact store that holds an artifact version."""
    found = Client().get_stack_component(StackComponentType.ARTIFACT_STORE, artifact.artifact_store_id)
    return StackComponent.from_model(found)


def _plain(error: DeployerError) -> str:
    cause = error.__cause__
    plain = storage_error(error)
    if plain is not None:
        return plain.sentence
    return str(cause) if cause is not None else str(error)
