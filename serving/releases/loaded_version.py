"""One version of the model, loaded, checked and warm."""

import math
import time
from collections.abc import Mapping, Sequence
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

_SEVERAL = 8  # rows: what a call costs by itself is shared by those of a request
_OTHER = 13  # rows of a call that the model was not asked for before
_DEAR_SECONDS = 0.0005  # a call for a row that takes longer may be worth sharing
INLINE_SECONDS = 0.002  # predictions that take longer are computed in a thread, so that the others need not wait


@dataclass(frozen=True)
class Version:
    """A package that predicts.

    The seconds of one row alone (`seconds_alone`) and of one of several, and the bytes of an answer, were measured on a
    sample row; `answered` is the record of its prediction.
    """

    version: str
    package_url: str
    root: Path
    model: PackagedModel
    validator: Validator
    seconds_alone: float
    seconds_per_row: float
    bytes_per_row: int
    sample: dict[str, Any]
    answered: dict[str, Any]
    explainer: Explainer
    shares_calls: bool = False
    """Whether a call of the model for many rows takes far less than one for each, measured too."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells packages apart: version and URL."""
        return self.version, self.package_url

    def predict(self, cells: Mapping[str, Sequence[Any]]) -> Predictions:
        """Predict rows, given as columns of equal length that satisfy the signature."""
        return self.model.predict(cells)

    def is_quick(self, rows: int) -> bool:
        """Say whether so many rows may be predicted on the event loop."""
        return max(self.seconds_alone, rows * self.seconds_per_row) <= INLINE_SECONDS


def load(version: str, package_url: str, root: Path) -> Version:
    """Load and warm a package that was tried before, from its copy in `root`; every byte is verified again.

    Raises:
        PackageError: If any of it fails.
    """
    model = PackagedModel.open(root)
    sample = sample_row(root, model.manifest)
    (alone, _), (of_several, answered) = _warm(model, sample, 1), _warm(model, sample, _SEVERAL)
    return Version(
        version=version,
        package_url=package_url,
        root=root,
        model=model,
        validator=Validator(model.signature),
        seconds_alone=alone,
        seconds_per_row=of_several / _SEVERAL,
        bytes_per_row=len(to_json(answered)),
        sample=sample,
        answered=answered,
        explainer=model.explainer(),
        shares_calls=alone >= _DEAR_SECONDS and _seconds_of_others(model, sample) < _OTHER * alone / 2,
    )


def sample_row(root: Path, manifest: Manifest) -> dict[str, Any]:
    """Return a row as a client may send it, for the documentation: the sample row with fewest missing values."""
    cells = storage.samples(root, manifest).cells  # arrays as nested lists
    rows = [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    return min(rows, key=lambda row: sum(value is None for value in row.values()))


def _seconds_of_others(model: PackagedModel, sample: dict[str, Any]) -> float:
    """Return how long one call takes for a number of rows that it was not asked before: some compile for each anew."""
    cells = cells_of(Samples(cells={name: [value] * _OTHER for name, value in sample.items()}), model.signature)
    started = time.perf_counter()
    model.predict(cells)
    return time.perf_counter() - started


def _warm(model: PackagedModel, sample: dict[str, Any], rows: int) -> tuple[float, dict[str, Any]]:
    """Return how many seconds so many rows take at best, and the record of one."""
    cells = cells_of(Samples(cells={name: [value] * rows for name, value in sample.items()}), model.signature)
    best, records = math.inf, list[dict[str, Any]]()
    for _ in range(3):
        started = time.perf_counter()
        records = model.encode(model.predict(cells)).records
        to_json(records)
        best = min(best, time.perf_counter() - started)
    return best, records[0]
