"""A table of series, of which the next steps of each are forecast; all rows are read first, since that needs a past."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ml.batch.contents import contents
from ml.batch.predict import chunks, publish
from ml.batch.rejected_rows import ErrorsFile
from ml.batch.series_rows import Wrong, sound_series, untold, unusable
from ml.components.sink import Sink
from ml.components.source import Source
from ml.features.cells import cells
from ml.features.windows import Roles, SeriesTable, measured, newest_rows
from ml.forecasting.clock import wall_now
from ml.package.model import PackagedModel
from ml.predictions.codec import written
from ml.predictions.predictor import Predictions
from ml.predictions.table import forecast_columns
from schemas.batch import BatchRecord
from schemas.errors import ContentError
from schemas.plan import PROGRESS
from schemas.reading import POINT, Dates, Marks
from schemas.signature import Signature, WindowDerivation

logger = logging.getLogger("drivetrain.batch")
progress = logging.getLogger(PROGRESS)
_AT_ONCE = 10_000


def predict_series(
    source: Source, sink: Sink, errors_path: Path, rows_at_once: int, model: PackagedModel, version: str
) -> BatchRecord:
    """Forecast the next steps of every series of the source, a row each; what is wrong goes into a file of its own.

    Raises:
        ContentError: If the rows cannot be read or the output not written, and then nothing is left; or if no series
            could be forecast, and then the file of errors is left.
    """
    known = [name for name in _columns_of(model.signature) if name is not None]
    parts = [chunk.values for chunk in chunks(source, rows_at_once, known)]
    if not sum(map(len, parts)):
        raise ContentError("the input has no rows")
    rows = pd.concat(parts, ignore_index=True)
    progress.info("%s", f"{len(rows):,} rows read")
    errors = ErrorsFile(errors_path, replace=sink.replaces)
    writer = sink.open()
    try:
        answers, wrong = forecast_series(rows, model, version, as_text=sink.is_text)
        _write(wrong, rows, errors)
        if len(answers):
            writer.write(answers)
        publish(writer if len(answers) else None, errors)
    finally:
        try:
            writer.abort()
        finally:
            errors.abort()
    if not len(answers):
        raise ContentError(f"no series could be forecast; {errors.target} says why, first: {errors.first}")
    place = str(errors.target) if errors.count else None
    return BatchRecord(version=version, answered=len(answers), refused=errors.count, output=sink.place, errors=place)


def forecast_series(
    rows: pd.DataFrame, model: PackagedModel, version: str, *, as_text: bool = False
) -> tuple[pd.DataFrame, list[Wrong]]:
    """Return the next steps of every series, a row each, and what is wrong with rows and series, by row.

    Args:
        rows: A row for each point that was measured, in any order.
        model: The package.
        version: Its version, which stands beside every value.
        as_text: Whether times become text.
    """
    window = model.signature.window
    assert window is not None, "asked of forecasts only"
    roles = Roles(model.signature.output.target, window.time, window.series)
    read = measured(rows, roles, _dates_of(model.signature, window), _marks_of(model.signature))
    now = wall_now(window.forecast.zone)
    wrong = list(unusable(rows[roles.target], read, model.signature, now))
    good = np.ones(len(rows), dtype=np.bool_)
    good[[one.row for one in wrong]] = False
    if not good.any():
        return pd.DataFrame(), wrong
    sound, contradicting = sound_series(read, np.flatnonzero(good), window)
    wrong += contradicting
    if sound is None:
        return pd.DataFrame(), sorted(wrong)
    _tell(sound.table)
    wrong += untold(sound, window)
    windows = newest_rows(sound.table, window.forecast, roles)
    if not len(windows):
        return pd.DataFrame(), sorted(wrong)
    predictions = model.predict(cells(windows, model.signature))
    keys = _keys(windows, predictions, roles, as_text=as_text)
    return pd.concat([keys, forecast_columns(predictions, version)], axis="columns"), sorted(wrong)


def _write(wrong: Sequence[Wrong], rows: pd.DataFrame, errors: ErrorsFile) -> None:
    """Write what is wrong with rows, of a part of them at a time: what stands in them takes more room than they do."""
    for start in range(0, len(wrong), _AT_ONCE):
        part = wrong[start : start + _AT_ONCE]
        for one, content in zip(part, contents(rows.iloc[[one.row for one in part]]), strict=True):
            errors.add(one.row + 1, {"column": one.column, "message": one.message}, content)


def _columns_of(signature: Signature) -> list[str | None]:
    window = signature.window
    assert window is not None, "asked of forecasts only"
    return [window.series, window.time, signature.output.target]


def _dates_of(signature: Signature, window: WindowDerivation) -> Dates:
    return next(item.dates for item in signature.inputs if item.name == window.time)


def _marks_of(signature: Signature) -> Marks:
    return POINT if signature.text is None else signature.text.marks


def _tell(table: SeriesTable) -> None:
    """Say what was done to rows that are no whole series."""
    gaps = int(np.isnan(table.panel.values).sum())
    for count, what in (
        (
            int(table.placed.repeated.sum()),
            "rows are in the same place as an equal one of their series: they count once",
        ),
        (table.placed.unsorted, "rows are earlier than the row before them: they were sorted"),
        (gaps, "points were not measured: each is filled by the value before it"),
    ):
        if count:
            logger.warning("%s %s", f"{count:,}", what)


def _keys(windows: pd.DataFrame, predictions: Predictions, roles: Roles, *, as_text: bool) -> pd.DataFrame:
    """Return the series and the time of every step."""
    assert predictions.outlook is not None, "a packaged forecast knows its times"
    outlook, steps = predictions.outlook, predictions.outlook.times.shape[1]
    if as_text:
        frame = pd.DataFrame({roles.time: [text for row in written(outlook) for text in row]})
    else:
        times, zone = pd.DatetimeIndex(outlook.times.ravel()), windows[roles.time].dt.tz
        frame = pd.DataFrame({roles.time: times if zone is None else times.tz_localize("UTC").tz_convert(zone)})
    if roles.series is not None:
        frame.insert(0, roles.series, windows[roles.series].repeat(steps).reset_index(drop=True))
    return frame
