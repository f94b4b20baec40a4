"""From a predictor to predictions, and what they mean: classes, who is routed to review. Light: NumPy only."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictor import Cells, Predictions, Predictor

NO_FINITE_PREDICTION = "the model has no finite prediction for these values; are they far from what it was trained on?"
_TIE_DECIMALS = 6
_LARGEST = np.float32(1e25)


def on_cells(model: Predictor, matrix: Callable[[Cells], NDArray[np.float32]]) -> Callable[[Cells], Predictions]:
    """Return how a model predicts: from the raw cells where it reads those, else from the features of `matrix`."""
    return model.predict_cells if model.reads_cells else lambda cells: model.predict(matrix(cells))


def predictions_of(model: Predictor, cells: Cells, features: NDArray[np.float32]) -> Predictions:
    """Return a model's predictions for rows that are there both as raw cells and as features, (n, features)."""
    return model.predict_cells(cells) if model.reads_cells else model.predict(features)


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
