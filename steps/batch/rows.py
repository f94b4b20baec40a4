"""Step `predict_batch`: a table of rows, predicted by the version in production."""

from pathlib import Path
from typing import Annotated

from zenml import step

from ml.batch.predict import predict_table
from schemas.batch import BatchRecord
from schemas.run import BatchSpec
from steps.components import create
from steps.gate.production import Production, opened
from steps.materializers.schema import SchemaMaterializer


@step(enable_cache=False, output_materializers={"record": SchemaMaterializer})
def predict_batch(production: Production, batch: BatchSpec) -> Annotated[BatchRecord, "record"]:
    """Read, check, predict, write."""
    assert batch.errors is not None, "the command line says where errors go"
    source, sink = create("load", batch.input), create("write", batch.output)
    with opened(production) as model:
        return predict_table(source, sink, Path(batch.errors), batch.piece, model, production.version)
