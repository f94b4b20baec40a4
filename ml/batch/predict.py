"""A table of rows, predicted in chunks by a loaded model; every row is checked as the service checks it."""

import json
import logging
import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.batch.header import absent, as_batch_keys
from ml.batch.rejected_rows import ErrorsFile
from ml.batch.rows import plain, raw_rows, without_tensors
from ml.components.sink import Sink, Writer
from ml.components.source import Chunk, Source
from ml.package.model import PackagedModel
from ml.predictions.codec import chosen, finite
from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.predictions.table import prediction_columns
from ml.validation.checked import Checked
from ml.validation.row_errors import RowError
from ml.validation.rows import Validator
from schemas.batch import BatchRecord
from schemas.column_names import composed
from schemas.errors import ContentError
from schemas.plan import PROGRESS
from schemas.reading import TextReading

logger = logging.getLogger("drivetrain.batch")
progress = logging.getLogger(PROGRESS)


def predict_table(
    source: Source, sink: Sink, errors_path: Path, rows_at_once: int, model: PackagedModel, version: str
) -> BatchRecord:
    """Predict every row of the source; the predicted ones go to the sink, what is wrong with the others into a file.

    Both outputs appear at the end, the file of errors a moment before the predictions: predictions without their errors
    are never to be seen.

    Raises:
        ContentError: If the rows cannot be read or the output not written, and then nothing is left; or if every row
            was refused, and then the file of errors is left.
    """
    predictor = _TablePredictor(model, version, sink)
    errors = ErrorsFile(errors_path, replace=sink.replaces)
    writer = sink.open()
    try:
        predicted = 0
        for chunk in chunks(source, rows_at_once, {item.name for item in model.signature.inputs}):
            predicted += predictor.predict(chunk, writer, errors)
            progress.info("%s", f"{predicted + errors.count:,} rows read, {predicted:,} predicted")
        if not predicted + errors.count:
            raise ContentError("the input has no rows")
        publish(writer if predicted else None, errors)
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


def publish(writer: Writer | None, errors: ErrorsFile) -> None:
    """Publish both outputs: do what takes long first, then make both visible at once, as far as two things can be."""
    if writer is not None:
        writer.prepare()
    errors.prepare()
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


class _TablePredictor:
    """Predicts one table in chunks; counts its rows from 1."""

    def __init__(self, model: PackagedModel, version: str, sink: Sink) -> None:
        self._model, self._version, self._as_text, self._lists = model, version, sink.is_text, sink.takes_arrays
        self._validator: Validator | None = None
        self._before = 0

    def predict(self, chunk: Chunk, writer: Writer, errors: ErrorsFile) -> int:
        """Write the predicted rows and the errors of a chunk; return how many rows were predicted."""
        frame = chunk.values
        if not self._before:
            for line in absent([composed(str(name)) for name in frame.columns], self._model.signature):
                logger.warning("%s", line)
        if self._validator is None:
            self._validator = Validator(self._model.signature, self._text(chunk))
        rows = frame if chunk.text is None else chunk.cells
        checked = self._validator.check(raw_rows(rows, self._model.signature))
        wrong: dict[int, RowError] = dict(checked.errors)
        positions = np.array(checked.positions, dtype=np.int64)
        if len(positions):
            predictions = self._model.predict(checked.cells)
            sound = finite(predictions)
            wrong |= {place: {"column": None, "message": NO_FINITE_PREDICTION} for place in positions[~sound].tolist()}
            positions = positions[sound]
            if len(positions):
                own = chunk.cells if self._as_text else chunk.kept
                predicted = without_tensors(own.iloc[positions].reset_index(drop=True), as_lists=self._lists)
                told = self._flags(checked, positions)
                columns = prediction_columns(
                    chosen(predictions, sound), self._model.signature.output, self._version, told
                )
                writer.write(pd.concat([predicted, columns], axis="columns"))
        places = sorted(wrong)
        for place, content in zip(places, contents(chunk.cells.iloc[places]), strict=True):
            errors.add(self._before + place + 1, wrong[place], content)
        self._before += len(frame)
        return len(positions)

    def _flags(self, checked: Checked, positions: NDArray[np.int64]) -> list[str | None] | None:
        """Return what is told of the predicted rows, as JSON; None where nothing ever is."""
        if not self._model.signature.can_flag:
            return None
        texts = {place: json.dumps(flags, ensure_ascii=False) for place, flags in checked.flags.items()}
        return [texts.get(place) for place in positions.tolist()]

    def _text(self, chunk: Chunk) -> TextReading | None:
        """Return how text is read where the package does not say it: numbers in a text column have a point."""
        return TextReading() if chunk.text is None and self._model.signature.text is None else chunk.text


def contents(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows with all their columns as JSON has them, which knows neither NaN nor infinity."""
    names = [str(name) for name in frame.columns]
    columns = [[_json(value) for value in frame[name].astype("object").tolist()] for name in frame.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _json(value: Any) -> Any:
    cell = plain(value)
    if isinstance(cell, list):
        return [_json(one) for one in cell]
    if not isinstance(cell, float) or math.isfinite(cell):
        return cell
    return None if math.isnan(cell) else str(cell)
