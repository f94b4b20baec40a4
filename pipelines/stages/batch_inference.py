"""The stage behind `pipeline=batch_inference`."""

from typing import Any

from pipelines.batch_inference import batch_inference
from pipelines.execution.context import production
from pipelines.execution.session import Lap
from schemas.batch import BatchRecord
from schemas.errors import DeploymentError
from schemas.summary import ModelRecord


def answer_rows(lap: Lap) -> dict[str, Any]:
    """Answer the declared rows with the version in production.

    Raises:
        DeploymentError: If nothing is in production.
    """
    model, batch = lap.run.name, lap.run.batch
    assert batch is not None, "the command line refuses this pipeline without it"
    current = production(model, lap.home)
    if current is None:
        raise DeploymentError(f"no version of {model!r} is in production any more")
    outcome = lap.run_pipeline(batch_inference, run=lap.run, batch=batch, production=current)
    record: BatchRecord = outcome.output("predict_batch", "record")
    refused = f", {record.refused:,} refused: {record.errors}" if record.errors else ""
    lap.observer.note(f"{record.answered:,} rows answered{refused}")
    lap.observer.note(f"answers: {record.output}")
    return {"model": ModelRecord(name=model, version=record.version, stage="production")}
