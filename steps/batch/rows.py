"""Step `predict_batch`: a table of rows, predicted by the version in production."""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Annotated

from zenml import step

from ml.batch.header import NO_SERIES
from ml.batch.predict import predict_table
from ml.batch.series import predict_series
from ml.batch.work import BatchPlan, work_folder, working
from ml.components.source import Source
from ml.package.model import PackagedModel
from schemas.batch import BatchRecord
from schemas.choice import Choice
from schemas.errors import ContentError
from schemas.journal_spec import JournalSpec
from schemas.reading import TextReading
from schemas.run import BatchSpec
from serving.journal.batches import JournalOfBatches, withdraw
from steps.caching import code_digest
from steps.components import create
from steps.gate.production import Production, opened
from steps.materializers.schema import SchemaMaterializer
from steps.registry import lookup


@step(enable_cache=False, output_materializers={"record": SchemaMaterializer})
def predict_batch(
    production: Production, batch: BatchSpec, journal_url: str, journal: JournalSpec
) -> Annotated[BatchRecord, "record"]:
    """Read, check, predict, write."""
    assert batch.errors is not None, "the command line says where errors go"
    errors, version = Path(batch.errors), production.version
    sink = create("write", batch.output)
    with opened(production) as model:
        given = _as_in_training(batch.input, model.signature.text)
        source = create("load", given)
        plan = _plan(batch, given, source, version)
        with working(work_folder(_output(batch, errors)), plan, partial(withdraw, journal_url)) as work:
            if model.signature.window is not None:
                return _forecast(source, batch, model, version)
            kept = JournalOfBatches(journal_url, model.signature, version, journal.keep) if batch.journal else None
            return predict_table(source, sink, errors, batch.piece, model, version, work, kept)


def _forecast(source: Source, batch: BatchSpec, model: PackagedModel, version: str) -> BatchRecord:
    if batch.journal:
        raise ContentError(NO_SERIES)
    assert batch.errors is not None, "the command line says where errors go"
    return predict_series(source, create("write", batch.output), Path(batch.errors), batch.piece, model, version)


def _plan(batch: BatchSpec, given: Choice, source: Source, version: str) -> BatchPlan:
    declared = json.dumps(given.model_dump(mode="json"), sort_keys=True)
    return BatchPlan(
        input=hashlib.sha256(declared.encode()).hexdigest(),
        fingerprint=source.fingerprint(),
        version=version,
        piece=batch.piece,
        journal=batch.journal,
        code=code_digest([__name__]),
    )


def _output(batch: BatchSpec, errors: Path) -> Path:
    """Return the file that the work stands beside: the output, or the file of errors where that is no file here."""
    path = batch.output.params.get("path")
    return Path(path) if isinstance(path, str) and "://" not in path else errors


def _as_in_training(given: Choice, text: TextReading | None) -> Choice:
    """Return the input, where it does not say how a text file is written as the rows of training were."""
    if text is None:
        return given
    params = lookup("load", given.name).written_as(text, given.params)
    return given.model_copy(update={"params": params})
