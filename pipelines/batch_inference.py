"""A table of rows, predicted by the version in production."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from pipelines.wiring import wired
from schemas.run import BatchSpec, Run
from steps.batch.rows import predict_batch
from steps.gate.production import Production


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST)
def batch_inference(run: Run, batch: BatchSpec, production: Production, journal_url: str) -> None:
    """One step: read, predict, write, in chunks."""
    # Its errors file is one of this machine, whatever its input and output are.
    parts = (("load", batch.input), ("write", batch.output))
    wired(predict_batch, "predict_batch", run.stack, *parts, local=True)(
        production=production, batch=batch, journal_url=journal_url, journal=run.journal
    )
