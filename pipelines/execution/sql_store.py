"""What ZenML's interface does not give of its own database; a server's is not at hand, and does it by itself or not."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select
from zenml.zen_stores.schemas import (
    ModelVersionSchema,
    PipelineRunSchema,
    RunMetadataResourceSchema,
    RunMetadataSchema,
)
from zenml.zen_stores.sql_zen_store import SqlZenStore


def date(client: Any, run_id: UUID, ended: datetime) -> None:
    """Write when a run ended, that now nobody waits for; ZenML takes the time of the update."""
    if not isinstance(client.zen_store, SqlZenStore):
        return
    with Session(client.zen_store.engine) as session:
        found = session.get(PipelineRunSchema, run_id)
        if found is not None:
            found.end_time, found.in_progress = ended, False
            session.add(found)
            session.commit()


def versions_of(client: Any, run_id: UUID) -> list[UUID]:
    """Return the model versions that a run made, also one that was not yet linked to the run when it ended."""
    linked = {step.model_version.id for step in client.get_pipeline_run(run_id).steps.values() if step.model_version}
    if not isinstance(client.zen_store, SqlZenStore):
        return sorted(linked)
    made = select(ModelVersionSchema.id).where(col(ModelVersionSchema.producer_run_id_if_numeric) == run_id)
    with Session(client.zen_store.engine) as session:
        return sorted(linked | set(session.exec(made)))


def makers_of_versions_without(client: Any, key: str) -> list[UUID]:
    """Return the runs that made model versions which have no metadata of this name, each once; none of a server's."""
    if not isinstance(client.zen_store, SqlZenStore):
        return []
    named = select(RunMetadataResourceSchema.resource_id).join(RunMetadataSchema).where(RunMetadataSchema.key == key)
    runs = select(ModelVersionSchema.producer_run_id_if_numeric).where(col(ModelVersionSchema.id).not_in(named))
    with Session(client.zen_store.engine) as session:
        return [run for run in dict.fromkeys(session.exec(runs)) if run is not None]
