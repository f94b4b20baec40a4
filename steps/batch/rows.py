"""Step `predict_batch`: a table of rows, predicted by the version in production."""

from pathlib import Path
from typing import Annotated

from zenml import step

from ml.batch.predict import predict_table
from ml.batch.series import predict_series
from schemas.batch import BatchRecord
from schemas.choice import Choice
from schemas.reading import TextReading
from schemas.run import BatchSpec
from steps.components import create
from steps.gate.production import Production, opened
from steps.materializers.schema import SchemaMaterializer
from steps.registry import lookup


@step(enable_cache=False, output_materializers={"record": SchemaMaterializer})
def predict_batch(production: Production, batch: BatchSpec) -> Annotated[BatchRecord, "record"]:
    """Read, check, predict, write."""
    assert batch.errors is not None, "the command line says where errors go"
    sink = create("write", batch.output)
    with opened(production) as model:
        source = create("load", _as_in_training(batch.input, model.signature.text))
        predict = predict_table if model.signature.window is None else predict_series
        return predict(source, sink, Path(batch.errors), batch.piece, model, production.version)


def _as_in_training(given: Choice, text: TextReading | None) -> Choice:
    """Return the input, where it does not say how a text file is written as the rows of training were."""
    if text is None:
        return given
    params = lookup("load", given.name).written_as(text, given.params)
    return given.model_copy(update={"params": params})
