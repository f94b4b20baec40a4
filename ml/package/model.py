"""The packaged model: raw rows in, predictions in labels and units out. Light: the service imports it."""

from pathlib import Path
from typing import Any

import numpy as np

from ml.features.derive import Deriver
from ml.package import storage
from ml.package.parity import difference
from ml.predictions.predictions import Cells, Predictions, Predictor, on_cells
from ml.runtimes import load
from schemas.base import Scalar
from schemas.errors import PackageError
from schemas.package import Manifest
from schemas.signature import Signature


class PackagedModel:
    """A verified package, loaded."""

    def __init__(self, root: Path, manifest: Manifest, signature: Signature, runtime: Predictor) -> None:
        self.root = root
        self.manifest = manifest
        self.signature = signature
        self._answer = on_cells(runtime, Deriver(signature).matrix)
        self._labels: list[Scalar] = list(signature.output.classes or [])
        self._keys = [str(label) for label in self._labels]

    @classmethod
    def open(cls, root: Path) -> "PackagedModel":
        """Verify the package at `root` to the last byte, then load it. Raises PackageError."""
        manifest = storage.verify(root)
        signature = storage.read_signature(root, manifest)
        data = storage.read(root, manifest, manifest.runtime_file)
        return cls(root, manifest, signature, load.load(manifest.runtime, data, signature.output))

    def predict(self, cells: Cells) -> Predictions:
        """Predict raw rows, given as columns of equal length that already satisfy the signature."""
        return self._answer(cells)

    def instances(self, predictions: Predictions) -> list[dict[str, Any]]:
        """Return a JSON object for each row: label and probabilities, or value, and whether a person should look."""
        if predictions.values is not None:
            return [{"value": value, "needs_review": False} for value in predictions.values.tolist()]
        assert predictions.codes is not None, "a prediction has codes or values"
        labels = [self._labels[code] if code >= 0 else None for code in predictions.codes.tolist()]
        if predictions.probabilities is None:
            return [{"label": label, "needs_review": label is None} for label in labels]
        review = self.signature.output.review_threshold or 0.0
        return [
            {
                "label": label,
                "probabilities": dict(zip(self._keys, row, strict=True)),
                "needs_review": label is None or max(row) < review,
            }
            for label, row in zip(labels, predictions.probabilities.tolist(), strict=True)
        ]

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
