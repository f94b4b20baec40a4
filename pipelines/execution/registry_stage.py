"""ZenML's model stages, which mirror the release pointer."""

from zenml.client import Client

PRODUCTION = "production"


def mirror_stage(client: Client, model: str, version: str) -> None:
    """Let ZenML's stage follow the release pointer; after a rollback it lags until the next run.

    A version that was deleted from the registry is left out.
    """
    try:
        registered = client.get_model_version(model, version)
    except KeyError:
        return
    if registered.stage != PRODUCTION:
        client.update_model_version(model, registered.id, stage=PRODUCTION, force=True)
