"""What runs of a retraining came to that did not end well: one that was killed, or whose labels were refused."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pipelines.execution.outcome import Outcome
from schemas.retraining import Collection, Taking
from steps.gate.production import Production

_LOOKED_AT = 20  # runs


def registered_before(model: str, taking: Taking, current: Production) -> Outcome | None:
    """Return the run that registered a version for the same cause and labels, None where nobody did.

    One that was compared with another version than that of now does not count, unless its own is in production already.

    Args:
        model: Its name.
        taking: What the run that was killed saw of the journal.
        current: In production.
    """
    from zenml.client import Client

    client: Any = Client()
    runs = client.list_pipeline_runs(
        name=f"startswith:{model}-retraining-", sort_by="desc:created", size=_LOOKED_AT, hydrate=True
    )
    for one in map(Outcome, runs.items):
        version = one.output("register", "version")
        if version is None or not _is_there(client, model, version):
            continue
        found: Any = one.output("collect", "collection")
        if _is_of(found, taking) and current.version in (found.production, version):
            return one
    return None


def collected(run_ids: Sequence[str]) -> Any:
    """Return the `Collection` of the last of these runs, None where it did not get that far."""
    from zenml.client import Client

    return Outcome(Client().get_pipeline_run(run_ids[-1])).output("collect", "collection") if run_ids else None


def _is_of(found: Collection, taking: Taking) -> bool:
    return (found.cause.name, found.last_label, found.as_of) == (taking.cause.name, taking.last_label, taking.as_of)


def _is_there(client: Any, model: str, version: str) -> bool:
    with suppress(KeyError):
        return client.get_model_version(model, version) is not None
    return False
