"""The packaged model: raw rows in, predictions in labels and units out. Light: the service imports it."""

from pathlib import Path

import numpy as np

from ml.features.derive import Deriver, feature_names
from ml.package import storage
from ml.package.parity import difference
from ml.predictions.codec import Encoded, Encoder
from ml.predictions.predictions import on_cells
from ml.predictions.predictor import Cells, Predictions, Predictor
from ml.runtimes import load
from schemas.errors import PackageError
from schemas.package import Manifest
from schemas.signature import Signature


class PackagedModel:
    """A verified package, loaded."""

    def __init__(self, root: Path, manifest: Manifest, signature: Signature, runtime: Predictor) -> None:
        self.root = root
        self.manifest = manifest
        self.signature = signature
        self._on_cells = on_cells(runtime, Deriver(signature).matrix)
        self._encoder = Encoder(signature.output)

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
        return cls(root, manifest, signature, load.load(manifest.runtime, data, signature.output))

    def predict(self, cells: Cells) -> Predictions:
        """Predict raw rows, given as columns of equal length that already satisfy the signature."""
        return self._on_cells(cells)

    def encode(self, predictions: Predictions) -> Encoded:
        """Return a JSON record for each row: label and probabilities, or value, and whether a person should look."""
        return self._encoder.encode(predictions)

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
        found = difference(expected, self.predict(sample.cells))
        if found:
            raise PackageError(
                f"The package {self.root} does not predict its sample rows as the trained model did: {found}"
            )


def _require_consistent(root: Path, signature: Signature) -> None:
    """Check that the features are what the derivations give, of inputs that there are. Raises PackageError."""
    inputs = [one.name for one in signature.inputs]
    derived = [name for derivation in signature.derivations for name in feature_names(derivation)]
    foreign = sorted({derivation.column for derivation in signature.derivations} - set(inputs))
    if not inputs or len(inputs) != len(set(inputs)) or foreign or derived != signature.features:
        what = f"the input {foreign[0]!r}" if foreign else "inputs, derivations and features that fit each other"
        raise PackageError(f"The package {root} cannot be used: {storage.SIGNATURE} does not have {what}")
