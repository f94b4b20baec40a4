"""The network as one Keras model from the float matrix to the prediction: preparation, layers, probabilities or value.

Only built-in layers and operations with constants are used, so that a file of it loads with Keras alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.runtimes.onnx import INPUT
from ml.trainers.keras.params import KerasMlpParams

# Standardised numbers are cut here: beyond it float32 tells two forms of one network apart.
FAR = 100.0
_SMALLEST_SCALE = 1e-30
_RESOLUTION = 1e-7  # of float32; a column that varies less than this share of its mean is constant


@dataclass(frozen=True)
class Preparation:
    """How features become inputs of the network; all constants are float32, as in the graph.

    `numbers` are positions of features that are imputed with `medians`, then standardised with `means` and `inverse`
    (one over the deviation). `coded` are positions of category codes, each repeated for every category that it may be;
    `codes` says which one, so that an unknown code is all zeros.
    """

    numbers: NDArray[np.int64]
    medians: NDArray[np.float32]
    means: NDArray[np.float32]
    inverse: NDArray[np.float32]
    coded: NDArray[np.int64]
    codes: NDArray[np.float32]

    @property
    def width(self) -> int:
        """Return how many inputs the first layer has."""
        return len(self.numbers) + len(self.coded)


@dataclass(frozen=True)
class Head:
    """What the last layer gives: `classes` positions among `of` classes, or a value times `scale` plus `offset`."""

    classes: list[int]
    of: int
    scale: float = 1.0
    offset: float = 0.0

    @property
    def width(self) -> int:
        """Return how many sums the last layer computes."""
        return len(self.classes) or 1


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network: `model` takes the float matrix and gives probabilities of all classes, or values."""

    model: Any
    params: KerasMlpParams
    preparation: Preparation
    head: Head


def prepare(features: NDArray[np.float32], categories: Mapping[int, int]) -> Preparation:
    """Measure medians, means and deviations of the training features, shape (n, features)."""
    numbers = [position for position in range(features.shape[1]) if position not in categories]
    measured = [_measure(features[:, position].astype(np.float64)) for position in numbers]
    medians, means, inverse = np.array(measured, dtype=np.float32).reshape(-1, 3).T
    pairs = [(position, code) for position, count in categories.items() for code in range(count)]
    coded, codes = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Preparation(np.array(numbers, dtype=np.int64), medians, means, inverse, coded, codes.astype(np.float32))


def build(keras: Any, params: KerasMlpParams, preparation: Preparation, head: Head, features: int) -> tuple[Any, Any]:
    """Return the model that is trained (it gives raw sums) and the model that predicts; they share their weights."""
    inputs = keras.Input((features,), name=INPUT, dtype="float32")
    raw = raw_sums(keras, params, head, prepared(keras, preparation, inputs))
    return keras.Model(inputs, raw, name="network"), keras.Model(inputs, answer(keras, head, raw), name="drivetrain")


def raw_sums(keras: Any, params: KerasMlpParams, head: Head, hidden: Any) -> Any:
    """Return what the last layer sums up, behind the hidden layers on `hidden`, (rows, numbers)."""
    penalty = keras.regularizers.L2(params.l2) if params.l2 else None
    for number, width in enumerate(params.layers, start=1):
        hidden = keras.layers.Dense(width, kernel_regularizer=penalty, name=f"dense_{number}")(hidden)
        if params.batch_normalization:
            hidden = keras.layers.BatchNormalization(name=f"normalization_{number}")(hidden)
        hidden = keras.layers.Activation(params.activation, name=f"activation_{number}")(hidden)
        if params.dropout:
            hidden = keras.layers.Dropout(params.dropout, name=f"dropout_{number}")(hidden)
    return keras.layers.Dense(head.width, kernel_regularizer=penalty, name="raw")(hidden)


def _measure(column: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return median, mean and one over the deviation, the latter two after imputing; zeros for an empty column."""
    known = column[~np.isnan(column)]
    median = float(np.median(known)) if len(known) else 0.0
    full = np.where(np.isnan(column), median, column)
    mean, deviation = float(full.mean()), float(full.std())
    constant = deviation <= max(_SMALLEST_SCALE, _RESOLUTION * abs(mean))
    return median, mean, 1.0 if constant else 1.0 / deviation


def prepared(keras: Any, preparation: Preparation, inputs: Any) -> Any:
    """Return the inputs of the first layer, made of the float matrix."""
    ops, parts = keras.ops, []
    if len(preparation.numbers):
        given = ops.take(inputs, preparation.numbers.tolist(), axis=1)
        full = ops.where(ops.isnan(given), preparation.medians, given)
        scaled = ops.multiply(ops.subtract(full, preparation.means), preparation.inverse)
        parts.append(ops.clip(scaled, -FAR, FAR))
    if len(preparation.coded):
        repeated = ops.take(inputs, preparation.coded.tolist(), axis=1)
        parts.append(ops.cast(ops.equal(repeated, preparation.codes), "float32"))
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=1)


def answer(keras: Any, head: Head, raw: Any) -> Any:
    """Return probabilities of all classes, or values, made of what the last layer sums up."""
    if not head.classes:
        return keras.layers.Rescaling(head.scale, offset=head.offset, name="value")(raw)
    known = keras.layers.Softmax(name="probabilities")(raw)
    if len(head.classes) == head.of:
        return known
    # Classes that training did not see get a probability of 0: the column behind the last one.
    ops = keras.ops
    place = [head.classes.index(code) if code in head.classes else head.width for code in range(head.of)]
    return ops.take(ops.concatenate([known, ops.zeros_like(ops.take(known, [0], axis=1))], axis=1), place, axis=1)
