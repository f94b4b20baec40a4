"""The packaged model: raw rows in, predictions in labels and units out. Light: the service imports it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml.features.derive import Deriver, array_names, feature_names
from ml.package import storage
from ml.package.parity import difference
from ml.predictions.codec import Encoded, Encoder
from ml.predictions.predictions import decided, on_cells
from ml.predictions.predictor import FEATURES, Arrays, Cells, Outlook, Predictions, Predictor
from ml.predictions.record_writer import RecordWriter
from ml.runtimes import load
from ml.text.read_text import TextReader
from ml.values.tensor import NoTensor
from ml.values.tensor_form import form_of
from schemas.errors import PackageError
from schemas.package import Manifest, Samples
from schemas.signature import Output, Signature
from schemas.thresholds import Thresholds

if TYPE_CHECKING:
    from ml.explanations.explainer import Explainer


class Deciding(NamedTuple):
    """What makes answers of predictions; replaced whole, so that an answer and what is kept of it are of one kind.

    `thresholds` are what an operator put in the place of the package's own.
    """

    thresholds: Thresholds
    encoder: Encoder
    writer: RecordWriter

    @classmethod
    def of(cls, output: Output, thresholds: Thresholds) -> "Deciding":
        """Return what decides by thresholds, whose None are those of the package."""
        if thresholds.review is not None:
            output = output.model_copy(update={"review_threshold": thresholds.review})
        encoder = Encoder(output)
        return cls(thresholds, encoder, RecordWriter(output, encoder))


class PackagedModel:
    """A verified package, loaded."""

    def __init__(self, root: Path, manifest: Manifest, signature: Signature, runtime: Predictor) -> None:
        self.root = root
        self.manifest = manifest
        self.signature = signature
        self.runtime = runtime
        deriver = Deriver(signature)
        self._on_cells, self._outlook = on_cells(runtime, deriver), deriver.outlook
        self.texts: Mapping[str, TextReader] = deriver.texts
        """What reads the words of each text."""
        self.deciding = Deciding.of(signature.output, Thresholds())

    @classmethod
    def open(cls, root: Path) -> "PackagedModel":
        """Verify the package at `root` to the last byte, then load it. Raises PackageError."""
        return cls.load(root, storage.verify(root))

    @classmethod
    def load(cls, root: Path, manifest: Manifest) -> "PackagedModel":
        """Load a package whose manifest is known to be good; each file used is checked against it.

        Raises PackageError.
        """
        signature = storage.read_signature(root, manifest)
        _require_consistent(root, signature)
        data = storage.read(root, manifest, manifest.runtime_file)
        runtime = load.load(manifest.runtime, data, signature.output)
        _require_inputs(root, runtime, signature)
        return cls(root, manifest, signature, runtime)

    def predict(self, cells: Cells) -> Predictions:
        """Predict raw rows, given as columns of equal length that already satisfy the signature."""
        predictions = self._on_cells(cells)
        decision = self.deciding.thresholds.decision
        if decision is not None:
            predictions = decided(predictions, decision)
        if self.signature.output.forecast is None:
            return predictions
        return replace(predictions, outlook=self.outlook(cells))

    def outlook(self, cells: Cells) -> Outlook | None:
        """Return what is known of the targets of forecasts beforehand, None of all else."""
        return self._outlook(cells)

    def decide_by(self, thresholds: Thresholds) -> None:
        """Take thresholds in the place of the package's own, whose None are those of the package."""
        if thresholds != self.thresholds:
            self.deciding = Deciding.of(self.signature.output, thresholds)

    @property
    def thresholds(self) -> Thresholds:
        """What an operator put in the place of the package's thresholds."""
        return self.deciding.thresholds

    @property
    def decides_by(self) -> Thresholds:
        """The thresholds in force, None where there is none."""
        own, moved = self.signature.output, self.thresholds
        return Thresholds.model_construct(
            review=own.review_threshold if moved.review is None else moved.review,
            decision=own.decision_threshold if moved.decision is None else moved.decision,
        )

    def encode(self, predictions: Predictions) -> Encoded:
        """Return a JSON record for each row: label and probabilities, or value, and whether a person should look."""
        return self.deciding.encoder.encode(predictions)

    def explainer(self) -> "Explainer":
        """Return what explains this model's predictions. Raises PackageError where its files for that do not fit."""
        from ml.explanations.explainers import explainer_of  # what only trains does without

        form = storage.linear_form(self.root, self.manifest)
        background = cells_of(storage.samples(self.root, self.manifest), self.signature)
        try:
            return explainer_of(self.runtime, self.signature, form, background)
        except ValueError as error:
            raise PackageError(f"The package {self.root} cannot be used: {storage.EXPLANATION}: {error}") from error

    def check_samples(self) -> None:
        """Compare the loaded form with the trainer's own predictions on the package's sample rows.

        Raises:
            PackageError: If a class differs, a probability by more than 1e-4, or a value by more than 1e-4 of itself.
        """
        sample = storage.samples(self.root, self.manifest)
        expected = Predictions(
            codes=None if sample.codes is None else np.array(sample.codes, dtype=np.int64),
            probabilities=None if sample.probabilities is None else np.array(sample.probabilities, dtype=np.float64),
            values=None if sample.values is None else np.array(sample.values, dtype=np.float64),
        )
        found = difference(expected, self.predict(cells_of(sample, self.signature)))
        if found:
            raise PackageError(
                f"The package {self.root} does not predict its sample rows as the trained model did: {found}"
            )

    def check_rows(self, trained: Predictor, arrays: Arrays) -> None:
        """Compare the loaded form of a model that takes arrays with the trained one, on the arrays of training rows.

        Raises:
            PackageError: As `check_samples` does.
        """
        found = difference(trained.predict_arrays(arrays), self.runtime.predict_arrays(arrays))
        if found:
            raise PackageError(
                f"The package {self.root} does not predict {len(arrays[FEATURES]):,} training rows as the trained "
                f"model does: {found}"
            )


def cells_of(samples: Samples, signature: Signature) -> Cells:
    """Return sample rows as raw cells. Raises PackageError for arrays that do not have the form of their input."""
    forms = {one.name: form_of(one) for one in signature.inputs if one.shape is not None}
    try:
        return {
            name: [forms[name].read(cell) for cell in column] if name in forms else column
            for name, column in samples.cells.items()
        }
    except NoTensor as error:
        raise PackageError(f"The package cannot be used: {storage.SAMPLES}: an array {error}") from error


def _require_inputs(root: Path, runtime: Predictor, signature: Signature) -> None:
    """Check that a model of several inputs takes only those that the signature gives. Raises PackageError."""
    if not runtime.reads_arrays:
        return
    given = array_names(signature)
    foreign = [name for name in runtime.inputs if name not in given]
    if foreign:
        takes = f"its model takes {foreign[0]!r}, and the signature gives {', '.join(given)}"
        raise PackageError(f"The package {root} cannot be used: {takes}")


def _require_consistent(root: Path, signature: Signature) -> None:
    """Check that the features are what the derivations give, of inputs that there are. Raises PackageError."""
    inputs = [one.name for one in signature.inputs]
    derived = [name for derivation in signature.derivations for name in feature_names(derivation)]
    foreign = sorted({derivation.column for derivation in signature.derivations} - set(inputs))
    if not inputs or len(inputs) != len(set(inputs)) or foreign or derived != signature.features:
        what = f"the input {foreign[0]!r}" if foreign else "inputs, derivations and features that fit each other"
        raise PackageError(f"The package {root} cannot be used: {storage.SIGNATURE} does not have {what}")
