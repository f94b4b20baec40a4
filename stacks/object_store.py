"""Whether a declared artifact store on S3 can be used, looked at before anything starts."""

from typing import Any

from ml.io.objects.check import as_fault, reach
from ml.io.objects.client import Credentials, client
from schemas.errors import Fault, StorageError
from schemas.stack import ComponentSpec, StackSpec

FLAVOR = "drivetrain_s3"
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def artifact_store_faults(zenml: Any | None, spec: StackSpec, *, write: bool) -> list[Fault]:
    """Return why the artifact store cannot be used: server, key, right, or bucket.

    Args:
        zenml: ZenML's client; None when there is no store yet, so that it has no secrets either.
        spec: The declared stack; settings that the flavor refuses are told by whoever applies the stack.
        write: Whether to look for the right to write as well.
    """
    part = spec.artifact_store
    if part.flavor != FLAVOR:
        return []
    from pydantic import ValidationError

    from stacks.flavors.s3_artifact_store import S3ArtifactStoreConfig

    if set(part.settings) - set(S3ArtifactStoreConfig.model_fields):
        return []
    try:
        config = S3ArtifactStoreConfig.model_validate(part.settings)
    except ValidationError:
        return []
    location = config.location
    try:
        files = client(location.endpoint_url, location.region, _credentials(zenml, part))
        reach(location, files, write=write)
    except StorageError as error:
        return [as_fault("stack.artifact_store", error)]
    return []


def environment(zenml: Any, spec: StackSpec) -> dict[str, str]:
    """Return the variables by which the service reaches the artifact store: those of a ZenML secret, if one is named.

    Raises:
        CredentialsError: If there is no such secret.
    """
    if spec.artifact_store.flavor != FLAVOR:
        return {}
    found = _credentials(zenml, spec.artifact_store)
    return {} if found is None else {name: value for name, value in zip(_VARIABLES, found, strict=True) if value}


def _credentials(zenml: Any | None, part: ComponentSpec) -> Credentials | None:
    from stacks.flavors.s3_artifact_store import credentials_of

    name = part.settings.get("authentication_secret")
    return credentials_of(zenml, str(name)) if name else None
