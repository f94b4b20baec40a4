"""One version of the model, loaded, checked and warm."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from ml.explanations.explainer import Explainer
from ml.package import storage
from ml.package.model import PackagedModel, cells_of
from ml.predictions.predictor import Predictions
from ml.validation.rows import Validator
from schemas.package import Manifest, Samples

INLINE_SECONDS = 0.002  # predictions that take longer are computed in a thread, so that the others need not wait


@dataclass(frozen=True)
class Version:
    """A package that predicts; `seconds_per_row` and the `bytes_per_row` of an answer were measured on a sample row."""

    version: str
    package_url: str
    root: Path
    model: PackagedModel
    validator: Validator
    seconds_per_row: float
    bytes_per_row: int
    sample: dict[str, Any]
    explainer: Explainer

    @property
    def key(self) -> tuple[str, str]:
        """What tells packages apart: version and URL."""
        return self.version, self.package_url

    def predict(self, cells: dict[str, Sequence[Any]]) -> Predictions:
        """Predict rows, given as columns of equal length that satisfy the signature."""
        return self.model.predict(cells)

    def is_quick(self, rows: int) -> bool:
        """Say whether so many rows may be predicted on the event loop."""
        return rows * self.seconds_per_row <= INLINE_SECONDS


def load(version: str, package_url: str, root: Path) -> Version:
    """Load and warm a package that was tried before, from its copy in `root`; every byte is verified again.

    Raises:
        PackageError: If any of it fails.
    """
    model = PackagedModel.open(root)
    sample = sample_row(root, model.manifest)
    seconds, size = _warm(model, sample)
    return Version(
        version, package_url, root, model, Validator(model.signature), seconds, size, sample, model.explainer()
    )


def sample_row(root: Path, manifest: Manifest) -> dict[str, Any]:
    """Return a row as a client may send it, for the documentation: the sample row with fewest missing values."""
    cells = storage.samples(root, manifest).cells  # arrays as nested lists
    rows = [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    return min(rows, key=lambda row: sum(value is None for value in row.values()))


def _warm(model: PackagedModel, sample: dict[str, Any]) -> tuple[float, int]:
    one = cells_of(Samples(cells={name: [value] for name, value in sample.items()}), model.signature)
    best, size = math.inf, 0
    for _ in range(3):
        started = time.perf_counter()
        encoded = model.encode(model.predict(one))
        size = len(to_json(encoded.records[0]))
        best = min(best, time.perf_counter() - started)
    return best, size
