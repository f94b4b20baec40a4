"""ZenML's model stages, which mirror the release pointer."""

from zenml.client import Client

from schemas.plan import Observer

PRODUCTION = "production"


def mirror_or_note(client: Client, model: str, version: str, observer: Observer) -> None:
    """Let ZenML's stage follow the release pointer, and say where it cannot."""
    try:
        mirror_stage(client, model, version)
    except KeyError:
        observer.note(f"version {version} of {model!r} is in production, but this ZenML store does not know it")


def mirror_stage(client: Client, model: str, version: str) -> None:
    """Let ZenML's stage follow the release pointer; after a rollback it lags until the next run.

    Raises:
        KeyError: If the registry does not know the version: it was deleted, or is another store's.
    """
    registered = client.get_model_version(model, version)
    if registered.stage != PRODUCTION:
        client.update_model_version(model, registered.id, stage=PRODUCTION, force=True)
