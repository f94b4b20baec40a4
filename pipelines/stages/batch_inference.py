"""The stage behind `pipeline=batch_inference`."""

from pipelines.batch_inference import batch_inference
from pipelines.execution.context import production
from pipelines.execution.session import Part, RunSession
from schemas.batch import BatchRecord
from schemas.errors import DeploymentError
from schemas.summary import ModelRecord


def predict_batch(session: RunSession, _parts: Part) -> Part:
    """Predict the declared rows with the version in production.

    Raises:
        DeploymentError: If nothing is in production.
    """
    model, batch = session.run.name, session.run.batch
    assert batch is not None, "the command line refuses this pipeline without it"
    current = production(session.journal_url)
    if current is None:
        raise DeploymentError(f"no version of {model!r} is in production any more")
    outcome = session.run_pipeline(
        batch_inference, run=session.run, batch=batch, production=current, journal_url=session.journal_url
    )
    record: BatchRecord = outcome.output("predict_batch", "record")
    session.observer.note(counted(record))
    session.observer.note(f"predictions: {record.output}")
    return {"model": ModelRecord(name=model, version=record.version, stage="production")}


def counted(record: BatchRecord) -> str:
    """Return how many rows were predicted and refused, for the terminal."""
    refused = f", {record.refused:,} refused: {record.errors}" if record.errors else ""
    return f"{record.answered:,} {'row' if record.answered == 1 else 'rows'} predicted{refused}"
