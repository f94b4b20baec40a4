"""What a model predicts, in a module light enough for the service: no pandas, no scikit-learn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.base import Scalar

Cells = Mapping[str, Sequence[Scalar | None]]
NO_FINITE_PREDICTION = "the model has no finite prediction for these values; are they far from what it was trained on?"
_TIE_DECIMALS = 6
_LARGEST = np.float32(1e25)


@dataclass(frozen=True)
class Predictions:
    """Predictions for n rows.

    `codes`: class positions, int64 (n,), None for regression; -1 where the model abstains. `probabilities`: float64
    (n, classes) or None when the model gives none. `values`: float64 (n,), None for classification.
    """

    codes: NDArray[np.int64] | None = None
    probabilities: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None


class Predictor(Protocol):
    """A trained object or a loaded runtime; one that reads raw cells has `predict_cells(cells) -> Predictions` too."""

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for the derived features, shape (n, features)."""


def on_cells(model: Predictor, matrix: Callable[[Cells], NDArray[np.float32]]) -> Callable[[Cells], Predictions]:
    """Return how a model predicts: from the raw cells where it reads those, else from the features of `matrix`."""
    reads = _reader(model)
    return reads if reads is not None else lambda cells: model.predict(matrix(cells))


def predictions_of(model: Predictor, cells: Cells, features: NDArray[np.float32]) -> Predictions:
    """Return a model's predictions for rows that are there both as raw cells and as features, (n, features)."""
    reads = _reader(model)
    return reads(cells) if reads is not None else model.predict(features)


def _reader(model: Predictor) -> Callable[[Cells], Predictions] | None:
    reads: Callable[[Cells], Predictions] | None = getattr(model, "predict_cells", None)
    return reads


def needs_review(predictions: Predictions, threshold: float | None) -> NDArray[np.bool_]:
    """Return which rows are routed to review, (n,): those abstained from, and those less sure than `threshold`.

    Args:
        predictions: Of a classification.
        threshold: The least probability of a prediction that is sure enough; it has no meaning without probabilities.
    """
    assert predictions.codes is not None, "only classes are reviewed"
    abstained = predictions.codes < 0
    if threshold is None or predictions.probabilities is None:
        return abstained
    unsure: NDArray[np.bool_] = predictions.probabilities.max(axis=1, initial=0.0) < threshold
    return abstained | unsure


def bounded(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features with absurd numbers cut to 1e25, so that scaling them does not overflow float32 into NaN."""
    return np.clip(features, -_LARGEST, _LARGEST)


def decide(probabilities: NDArray[np.float64], threshold: float | None = None) -> NDArray[np.int64]:
    """Return the class position for every row of `probabilities`, shape (n, classes) to (n,).

    `threshold` holds for two classes: the second one is chosen where its probability reaches it. Probabilities are
    compared after rounding to six decimals, so that an exact tie (a forest with as many trees for as against) is the
    same tie in every runtime; the first class wins it, as it does in scikit-learn.
    """
    rounded = probabilities.round(_TIE_DECIMALS)
    if threshold is not None and probabilities.shape[1] == 2:
        return (rounded[:, 1] >= threshold).astype(np.int64)
    codes: NDArray[np.int64] = rounded.argmax(axis=1)
    return codes
