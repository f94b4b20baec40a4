"""From a predictor to predictions, and what they mean: classes, who is routed to review. Light: NumPy only."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictor import FEATURES, Arrays, Cells, Predictions, Predictor
from ml.values.sparse_rows import SparseRows
from ml.values.tensor import Tensor

NO_FINITE_PREDICTION = "the model has no finite prediction for these values; are they far from what it was trained on?"
_TIE_DECIMALS = 6
_LARGEST = np.float32(1e25)
_AT_ONCE = 16 << 20  # bytes of arrays that a model is given at a time
_PARTS = ("codes", "probabilities", "values", "lower", "upper")


class Derives(Protocol):
    """What makes of raw cells what a model takes: `ml.features.derive.Deriver`."""

    def matrix(self, cells: Cells) -> NDArray[np.float32]:
        """Return the float matrix."""

    def arrays(self, cells: Cells) -> Arrays:
        """Return the arrays of all inputs."""


def on_cells(model: Predictor, deriver: Derives) -> Callable[[Cells], Predictions]:
    """Return how a model predicts: from the raw cells where it reads those, else from what `deriver` makes of them."""
    if model.reads_cells:
        return model.predict_cells
    if model.reads_arrays:
        return lambda cells: joined([model.predict_arrays(deriver.arrays(part)) for part in _parts(cells)])
    return lambda cells: model.predict(deriver.matrix(cells))


def predictions_of(model: Predictor, cells: Cells, arrays: Arrays) -> Predictions:
    """Return a model's predictions for rows that are there as raw cells and as arrays, the float matrix included."""
    if model.reads_cells:
        return model.predict_cells(cells)
    return model.predict_arrays(arrays) if model.reads_arrays else model.predict(np.asarray(arrays[FEATURES]))


def rows_of(arrays: Arrays, start: int, stop: int) -> Arrays:
    """Return some of the rows of every array."""
    return {
        name: array.rows(start, stop) if isinstance(array, SparseRows) else array[start:stop]
        for name, array in arrays.items()
    }


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return the predictions of all rows, of some for each part; at least one."""
    if len(parts) == 1:
        return parts[0]
    found = {name: _concatenated([getattr(part, name) for part in parts]) for name in _PARTS}
    return Predictions(**found, level=parts[0].level)


def _concatenated(parts: list[Any]) -> Any:
    return None if parts[0] is None else np.concatenate(parts)


def _parts(cells: Cells) -> Iterator[Cells]:
    """Yield rows in parts whose arrays take a bounded number of bytes: in a part, all are as long as the longest."""
    columns = [column for column in cells.values() if len(column) and isinstance(column[0], Tensor)]
    if not columns:
        yield cells
        return
    start, longest, count = 0, [column[0].array.shape for column in columns], len(columns[0])
    for row in range(1, count):
        own = [column[row].array.shape for column in columns]
        grown = [tuple(map(max, one, other)) for one, other in zip(longest, own, strict=True)]
        size = sum(math.prod(one) * column[0].array.itemsize for one, column in zip(grown, columns, strict=True))
        if size * (row + 1 - start) > _AT_ONCE:
            yield {name: column[start:row] for name, column in cells.items()}
            start, grown = row, own
        longest = grown
    yield cells if not start else {name: column[start:] for name, column in cells.items()}


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
    return np.minimum(np.maximum(features, -_LARGEST), _LARGEST)  # np.clip takes twice as long for few rows


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


def decided(predictions: Predictions, threshold: float) -> Predictions:
    """Return predictions of two classes decided anew by another threshold, as `decide` does.

    What the model abstained from stays so, and what has no probabilities stays as it is.
    """
    if predictions.codes is None or predictions.probabilities is None or predictions.probabilities.shape[1] != 2:
        return predictions
    codes = np.where(predictions.codes < 0, -1, decide(predictions.probabilities, threshold))
    return replace(predictions, codes=codes)
