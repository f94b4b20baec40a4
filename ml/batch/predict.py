"""A table of rows, predicted in chunks by a loaded model; every row is checked as the service checks it."""

import logging
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ml.batch.header import as_batch_keys
from ml.batch.journalled import BatchJournal
from ml.batch.rejected_rows import ErrorsFile
from ml.batch.table_predictor import TablePredictor
from ml.batch.work import Work
from ml.components.sink import Sink, Writer
from ml.components.source import Chunk, Source
from ml.package.model import PackagedModel
from schemas.batch import BatchRecord
from schemas.errors import ContentError
from schemas.plan import PROGRESS

progress = logging.getLogger(PROGRESS)


def predict_table(
    source: Source,
    sink: Sink,
    errors_path: Path,
    rows_at_once: int,
    model: PackagedModel,
    version: str,
    work: Work | None = None,
    journal: BatchJournal | None = None,
) -> BatchRecord:
    """Predict every row of the source; the predicted ones go to the sink, what is wrong with the others into a file.

    Both outputs appear at the end, the file of errors a moment before the predictions: predictions without their errors
    are never to be seen. What goes into the journal is written just before.

    Args:
        source: The rows.
        sink: Where predictions go.
        errors_path: Where refused rows go.
        rows_at_once: How many rows are held.
        model: Who predicts.
        version: Its version.
        work: What an earlier run has done is not done again, and what this one does is kept; None: there is no such.
        journal: Takes what is predicted; asks for `work`.

    Raises:
        ContentError: If the rows cannot be read or the output not written, and then nothing is left but for `work`; or
            if every row was refused, and then the file of errors is left.
    """
    batch = TablePredictor(model, version, sink, work, journal)
    errors = ErrorsFile(errors_path, replace=sink.replaces)
    writer = sink.open()
    try:
        predicted = 0
        for chunk in chunks(source, rows_at_once, {item.name for item in model.signature.inputs}):
            predicted += batch.predict(chunk, writer, errors)
            progress.info("%s", f"{predicted + errors.count:,} rows read, {predicted:,} predicted")
        if not predicted + errors.count:
            raise ContentError("the input has no rows")
        publish(writer if predicted else None, errors, batch.write_journal)
        if work is not None:
            work.finish()
    finally:
        try:
            writer.abort()
        finally:
            errors.abort()
    if not predicted:
        raise ContentError(
            f"none of the {errors.count:,} rows could be predicted; what is wrong with each is in {errors.target}; "
            f"the first: {errors.first}. {_after(sink)}"
        )
    return BatchRecord(
        version=version,
        answered=predicted,
        refused=errors.count,
        output=sink.place,
        errors=str(errors.target) if errors.count else None,
    )


def chunks(source: Source, rows: int, known: Collection[str]) -> Iterator[Chunk]:
    """Yield all rows; what a source says of its keys is said of those that they have here. Raises ContentError."""
    try:
        yield from source.chunks_as_stored(rows, known)
    except ContentError as error:
        raise ContentError(as_batch_keys(str(error), source)) from error


def publish(writer: Writer | None, errors: ErrorsFile, between: Callable[[], None] = lambda: None) -> None:
    """Publish both outputs: do what takes long first, then make both visible at once, as far as two things can be.

    `between` is what is to be done when all that takes long has come to a good end.
    """
    if writer is not None:
        writer.prepare()
    errors.prepare()
    between()
    errors.publish()
    if writer is None:
        errors.clear()
    else:
        try:
            writer.commit()
        except Exception:  # not a stop by a signal: that may come when the predictions are there already
            errors.withdraw()
            raise
        errors.clear()


def _after(sink: Sink) -> str:
    if sink.replaces:
        return "Predictions that are there are an earlier run's"
    return "Move that file away before the rows are predicted again"
