"""Whether a declared artifact store on S3 can be used, looked at before anything starts."""

from functools import partial
from typing import Any

from ml.io.objects.check import as_fault, reach
from ml.io.objects.client import client
from schemas.errors import ConfigurationError, Fault, StorageError
from schemas.secret import SecretRef
from schemas.stack import StackSpec
from stacks.environment import stack_environment
from steps.secrets import reveal

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
    from zenml.utils.env_utils import temporary_environment

    from stacks.flavors.s3_artifact_store import S3ArtifactStoreConfig

    if set(part.settings) - set(S3ArtifactStoreConfig.model_fields):
        return []
    try:
        config = S3ArtifactStoreConfig.model_validate(part.settings)
    except ValidationError:
        return []
    location = config.location
    try:
        with stack_environment(spec, partial(_revealed, zenml)), temporary_environment(secret_environment(zenml, spec)):
            files = client(location.endpoint_url, location.region)
            reach(location, files, write=write)
    except StorageError as error:
        return [as_fault("stack.artifact_store", error)]
    except ConfigurationError as error:
        return error.faults
    return []


def secret_environment(zenml: Any | None, spec: StackSpec) -> dict[str, str]:
    """Return the variables by which services reach the artifact store, where its settings name a ZenML secret.

    Raises:
        CredentialsError: If there is no such secret.
    """
    secret = spec.artifact_store.settings.get("authentication_secret")
    if spec.artifact_store.flavor != FLAVOR or not secret:
        return {}
    from stacks.flavors.s3_artifact_store import credentials_of

    keys = credentials_of(zenml, str(secret))
    return {name: value for name, value in zip(_VARIABLES, keys, strict=True) if value}


def _revealed(zenml: Any | None, reference: SecretRef) -> str:
    if zenml is None and reference.secret is not None:  # looking would make a store
        hint = f"zenml secret create {reference.secret} --{reference.key}=…"
        raise ConfigurationError([Fault("", f"ZenML has no secret {reference.secret!r}", hint)])
    return reveal(reference)
