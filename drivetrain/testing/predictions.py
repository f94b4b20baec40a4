"""Checks of what a fitted model predicts, and of its packaged form."""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivetrain.testing.samples import Sample
from drivetrain.testing.violation import saying
from ml.components.trainer import Export, Fitted
from ml.package.parity import difference, replayed
from ml.predictions.predictor import Predictions
from ml.runtimes.load import LOADERS, load
from schemas.errors import PackageError
from schemas.signature import Output

_PICKLED = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".dill")
_MOST_OFF = 1e-3


def malformed(predictions: Predictions, given: Sample, *, graded: bool) -> Iterator[str]:
    """Yield what of predictions for the validation rows has not the form that `Predictions` says."""
    rows = len(given.validation.target)
    if given.task in ("regression", "forecast"):
        yield from _wrong_values(predictions.values, given.validation.target.shape)
        return
    classes = len(given.signature.output.classes or [])
    yield from _wrong_codes(predictions.codes, rows, classes)
    if predictions.probabilities is not None:
        yield from _wrong_probabilities(predictions.probabilities, rows, classes)
    elif graded:
        yield "it gives no probabilities: gives_probabilities = False says so before anything is measured"


def _wrong_values(values: NDArray[np.float64] | None, shape: tuple[int, ...]) -> Iterator[str]:
    if values is None or values.shape != shape:
        yield f"a {'regression' if len(shape) == 1 else 'forecast'} gives values of shape {shape}"
    elif not np.isfinite(values).all():
        yield "a value is not finite"


def _wrong_codes(codes: NDArray[np.int64] | None, rows: int, classes: int) -> Iterator[str]:
    if codes is None or codes.shape != (rows,) or not np.issubdtype(codes.dtype, np.integer):
        yield f"a classification gives codes, whole numbers of shape ({rows},)"
    elif codes.min() < -1 or codes.max() >= classes:
        yield f"codes are positions of classes, -1 to {classes - 1}; some are not"


def _wrong_probabilities(probabilities: NDArray[np.float64], rows: int, classes: int) -> Iterator[str]:
    if probabilities.shape != (rows, classes):
        yield f"probabilities have shape {probabilities.shape}, not ({rows}, {classes})"
    elif not (np.abs(probabilities.sum(axis=1) - 1) < _MOST_OFF).all() or (probabilities < 0).any():
        yield "probabilities are not shares of 1"


def packaged_otherwise(fitted: Fitted, given: Sample) -> Iterator[str]:
    """Yield what keeps a model's packaged form from being the model."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with saying("export"):
            export = fitted.export(folder, given.train.features.copy())
        yield from _files(folder, export)
        if export.runtime not in LOADERS or not (folder / export.file).is_file():
            return
        content = (folder / export.file).read_bytes()
        try:
            packaged = load(export.runtime, content, _output(fitted, given))
        except PackageError as error:
            yield f"the runtime {export.runtime} does not load {export.file}: {error}"
            return
        if fitted.reads_cells:
            cells = given.train.cells
            unlike = difference(fitted.predict_cells(cells), packaged.predict_cells(cells))
        else:
            known = given.train.features  # of windows nothing is ever missing
            rows = known if given.task == "forecast" else replayed(known, _categories(given))
            unlike = difference(fitted.predict(rows.copy()), packaged.predict(rows.copy()))
        if unlike:
            yield f"its packaged form predicts otherwise: {unlike}"


def _output(fitted: Fitted, given: Sample) -> Output:
    """Return what the packaged form is to give: of a forecast in the form that the trainer says."""
    output = given.signature.output
    if output.forecast is None:
        return output
    return output.model_copy(update={"forecast": output.forecast.model_copy(update={"form": fitted.forecasts})})


def _files(folder: Path, export: Export) -> Iterator[str]:
    if export.runtime not in LOADERS:
        yield f"export names the runtime {export.runtime!r}; the service has {', '.join(LOADERS)}"
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if found != [export.file]:
        yield f"export wrote {', '.join(found) or 'nothing'}; it is to write the one file that it names, {export.file}"
    if not export.reason.strip():
        yield "export gives no reason for its runtime"
    for name in found:
        if name.endswith(_PICKLE_NAMES) or _is_pickled(folder / name):
            yield f"export wrote a pickle, {name}"


def _is_pickled(file: Path) -> bool:
    content = file.read_bytes()
    if content.startswith(_PICKLED) and content.endswith(b"."):
        return True
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(
            member.endswith(_PICKLE_NAMES) or archive.read(member).startswith(_PICKLED) for member in archive.namelist()
        )


def _categories(given: Sample) -> dict[int, int]:
    """Return the features that are codes of categories, by position, with how many codes each has."""
    features, known = given.signature.features, given.signature.categories()
    return {features.index(column): len(values) for column, values in known.items()}
