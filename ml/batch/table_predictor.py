"""The chunks of one table, predicted one after the other; what an earlier run has done of them is not done again."""

import json
import logging
import time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.batch.contents import contents
from ml.batch.header import absent
from ml.batch.journalled import ROWS, BatchJournal, request_id
from ml.batch.piece import Piece, digest_of
from ml.batch.rejected_rows import ErrorsFile
from ml.batch.rows import raw_rows, without_tensors
from ml.batch.work import Work
from ml.components.sink import Sink, Writer
from ml.components.source import Chunk
from ml.package.model import PackagedModel
from ml.predictions.codec import chosen, finite
from ml.predictions.predictions import NO_FINITE_PREDICTION
from ml.predictions.table import journal_columns, prediction_columns
from ml.validation.checked import Checked
from ml.validation.row_errors import RowError
from ml.validation.rows import Validator
from schemas.column_names import composed
from schemas.reading import TextReading

logger = logging.getLogger("drivetrain.batch")


class TablePredictor:
    """Predicts one table in chunks; counts its rows from 1."""

    def __init__(
        self, model: PackagedModel, version: str, sink: Sink, work: Work | None, journal: BatchJournal | None
    ) -> None:
        self._model, self._version, self._as_text, self._lists = model, version, sink.is_text, sink.takes_arrays
        self._work, self._journal = work, journal
        self._validator: Validator | None = None
        self._before = 0
        self._digests: list[str] = []

    def predict(self, chunk: Chunk, writer: Writer, errors: ErrorsFile) -> int:
        """Write the predicted rows and the errors of a chunk; return how many rows were predicted."""
        if not self._before:
            for line in absent([composed(str(name)) for name in chunk.values.columns], self._model.signature):
                logger.warning("%s", line)
        piece, ids = self._piece(chunk)
        if piece.predictions is not None:
            own = chunk.cells if self._as_text else chunk.kept
            rows = without_tensors(own.iloc[piece.positions].reset_index(drop=True), as_lists=self._lists)
            columns = prediction_columns(piece.predictions, self._model.signature.output, self._version, piece.told)
            added = [] if self._journal is None else [journal_columns(ids, piece.positions, ROWS)]
            writer.write(pd.concat([rows, columns, *added], axis="columns"))
        places = sorted(piece.wrong)
        for place, content in zip(places, contents(chunk.cells.iloc[places]), strict=True):
            errors.add(self._before + place + 1, piece.wrong[place], content)
        self._before += len(chunk.values)
        return len(piece.positions)

    def write_journal(self) -> None:
        """Write all that was predicted into the journal, if it goes there. Raises DrivetrainError."""
        if self._work is None or self._journal is None:
            return
        self._work.begin_journal()
        for number, digest in enumerate(self._digests):
            piece = self._work.piece(number, digest)
            assert piece is not None, "it was kept by this process, or found by it"
            self._journal.write(piece.requests)
        self._work.end_journal()

    def _piece(self, chunk: Chunk) -> tuple[Piece, list[str]]:
        """Return what comes of a chunk, and the names of its parts in the journal."""
        if self._work is None:
            return self._predicted(chunk, []), []
        number, digest = len(self._digests), digest_of(chunk)
        self._digests.append(digest)
        parts = range(-(-len(chunk.values) // ROWS))
        ids = [request_id(self._work.batch, digest, number, part) for part in parts]
        piece = self._work.piece(number, digest)
        if piece is None:
            piece = self._predicted(chunk, ids)
            self._work.keep(number, digest, piece)
        return piece, ids

    def _predicted(self, chunk: Chunk, ids: list[str]) -> Piece:
        if self._validator is None:
            self._validator = Validator(self._model.signature, self._text(chunk))
        rows = raw_rows(chunk.values if chunk.text is None else chunk.cells, self._model.signature)
        checked = self._validator.check(rows)
        wrong: dict[int, RowError] = dict(checked.errors)
        positions = np.array(checked.positions, dtype=np.int64)
        if not len(positions):
            return Piece(positions, None, wrong, None)
        began = time.perf_counter()
        predictions = self._model.predict(checked.cells)
        sound = finite(predictions)
        wrong |= {place: {"column": None, "message": NO_FINITE_PREDICTION} for place in positions[~sound].tolist()}
        if not sound.any():
            return Piece(positions[sound], None, wrong, None)
        found = chosen(predictions, sound)
        requests: list[dict[str, Any]] = []
        if self._journal is not None:
            seconds = time.perf_counter() - began
            requests = self._journal.requests(ids, rows, _those(checked, sound), found, seconds)
        return Piece(positions[sound], found, wrong, self._flags(checked, positions[sound]), requests)

    def _flags(self, checked: Checked, positions: NDArray[np.int64]) -> list[str | None] | None:
        """Return what is told of the predicted rows, as JSON; None where nothing ever is."""
        if not self._model.signature.can_flag:
            return None
        texts = {place: json.dumps(flags, ensure_ascii=False) for place, flags in checked.flags.items()}
        return [texts.get(place) for place in positions.tolist()]

    def _text(self, chunk: Chunk) -> TextReading | None:
        """Return how text is read where the package does not say it: numbers in a text column have a point."""
        return TextReading() if chunk.text is None and self._model.signature.text is None else chunk.text


def _those(checked: Checked, sound: NDArray[np.bool_]) -> Checked:
    """Return rows without those that have no finite prediction."""
    if sound.all():
        return checked
    places = np.flatnonzero(sound).tolist()
    cells, sent = (
        {name: [column[place] for place in places] for name, column in columns.items()}
        for columns in (checked.cells, checked.as_sent)
    )
    positions = [checked.positions[place] for place in places]
    return Checked(cells, positions, checked.errors, checked.flags, sent)
