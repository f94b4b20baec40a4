"""A declared artifact store on S3: whether it can be used, looked at before anything starts, and by which keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ml.io.objects.check import as_fault, reach
from ml.io.objects.client import Credentials, client, lent
from schemas.errors import ConfigurationError, Fault, StorageError
from schemas.secret import SecretRef
from schemas.stack import StackSpec
from stacks.environment import OF_ONE_KEY
from steps.secrets import reveal

if TYPE_CHECKING:
    from stacks.flavors.s3_artifact_store import S3ArtifactStoreConfig

FLAVOR = "drivetrain_s3"
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def artifact_store_faults(zenml: Any | None, spec: StackSpec, *, write: bool) -> list[Fault]:
    """Return why the artifact store cannot be used: server, key, right, or bucket.

    The variables of the stack are set by whoever calls, once: resolved within themselves they may name one another.

    Args:
        zenml: ZenML's client; None when there is no store yet, so that it has no secrets either.
        spec: The declared stack; settings that the flavor refuses are told by whoever applies the stack.
        write: Whether to look for the right to write as well.
    """
    config = _declared(spec)
    if config is None:
        return []
    location = config.location
    try:
        files = client(location.endpoint_url, location.region, _credentials(zenml, spec))
        reach(location, files, write=write)
    except StorageError as error:
        return [as_fault("stack.artifact_store", error)]
    return []


@contextmanager
def store_reached(zenml: Any | None, spec: StackSpec) -> Iterator[None]:
    """Let what lies in the artifact store be reached by URL with the keys of its ZenML secret, where it names one.

    Raises:
        CredentialsError: If there is no such secret.
    """
    config = _declared(spec)
    if config is None:
        yield
        return
    with lent(config.location, _credentials(zenml, spec)):
        yield


def secret_environment(zenml: Any | None, spec: StackSpec) -> dict[str, str]:
    """Return the variables by which services reach the artifact store, where its settings name a ZenML secret.

    What of the shell's belongs to another key is blank among them.

    Raises:
        CredentialsError: If there is no such secret.
    """
    keys = _credentials(zenml, spec)
    if keys is None:
        return {}
    return {**dict.fromkeys(OF_ONE_KEY, ""), **dict(zip(_VARIABLES, (*keys[:2], keys.token or ""), strict=True))}


def revealed(zenml: Any | None, reference: SecretRef) -> str:
    """Return the secret that a reference names; where ZenML has no store yet it has none, and looking makes no store.

    Raises:
        ConfigurationError: If it is not there.
    """
    if zenml is None and reference.secret is not None:
        hint = f"zenml secret create {reference.secret} --{reference.key}=…"
        raise ConfigurationError([Fault("", f"ZenML has no secret {reference.secret!r}", hint)])
    return reveal(reference)


def _declared(spec: StackSpec) -> "S3ArtifactStoreConfig | None":
    """Return the settings of a store on S3; None of another, and of those that the flavor refuses."""
    part = spec.artifact_store
    if part.flavor != FLAVOR:
        return None
    from pydantic import ValidationError

    from stacks.flavors.s3_artifact_store import S3ArtifactStoreConfig

    if set(part.settings) - set(S3ArtifactStoreConfig.model_fields):
        return None
    try:
        return S3ArtifactStoreConfig.model_validate(part.settings)
    except ValidationError:
        return None


def _credentials(zenml: Any | None, spec: StackSpec) -> Credentials | None:
    secret = spec.artifact_store.settings.get("authentication_secret")
    if spec.artifact_store.flavor != FLAVOR or not secret:
        return None
    from stacks.flavors.s3_artifact_store import credentials_of

    return credentials_of(zenml, str(secret))
