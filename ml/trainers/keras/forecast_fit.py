"""The training of a network that forecasts: seeded, watched epoch by epoch, the best epoch's weights kept."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.components.trainer import Export, Fitted
from ml.forecasting.stacked import measurable, put_back, taken_out
from ml.package import parity
from ml.predictions.predictor import Predictions
from ml.runtimes import keras_backend
from ml.runtimes.forecast import ScaledModel
from ml.runtimes.onnx import OnnxModel
from ml.trainers.keras.callbacks import MEASURED, Watch
from ml.trainers.keras.forecast_onnx import FAR, Weights, convert, measured
from schemas.errors import ContentError, PackageError
from schemas.learning import LearningCurves
from schemas.signature import Signature

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from ml.trainers.keras.forecast_params import KerasForecastParams

_AT_ONCE = 1024  # validation windows in a step


@dataclass(frozen=True)
class FittedForecast(Fitted):
    """A trained network as its weights, how it learnt, and what decides what it predicts."""

    weights: Weights
    signature: Signature
    learning: LearningCurves
    libraries: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    forecasts = "rows"

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for rows of windows, (n, features)."""
        return Predictions(values=put_back(features, self.weights.steps(features)))

    def export(self, folder: Path, example: NDArray[np.float32]) -> Export:
        """Write `model.onnx` into `folder`. Raises PackageError when it does not predict as the network does."""
        data = convert(self.weights)
        rows = example[: parity.REPLAYED]
        packaged = ScaledModel(OnnxModel.load(data, self.signature.output))
        found = parity.difference(self.predict(rows), packaged.predict(rows))
        if found:
            raise PackageError(f"The trained network cannot be packaged. ONNX: does not predict the same: {found}")
        (folder / "model.onnx").write_bytes(data)
        return Export("onnx", "model.onnx", parity.equal_predictions(len(rows)))


def fit(
    params: "KerasForecastParams", train: "Matrix", validation: "Matrix", signature: Signature, *, seed: int
) -> FittedForecast:
    """Fit the network on windows; those with a gap in their target are left out.

    Raises:
        ContentError: If no window is whole, or the loss stops being a number.
        ConfigurationError: If Keras is not installed or computes with another backend in this process.
    """
    learnt, watched = (_whole(one) for one in (train, validation))
    if not len(learnt[0]):
        raise ContentError("No training window has all the points of its target; declare a shorter data.horizon")
    keras = keras_backend.load(params.backend)
    python, numpy = random.getstate(), np.random.get_state()
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    try:
        means, inverse = measured(learnt[0])
        network = _network(keras, params, means, inverse, learnt[1].shape[1])
        watch = _train(keras, network, params, learnt, watched)
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
    dense = [network.get_layer(name).get_weights() for name in _names(params)]
    weights = Weights(means, inverse, dense[:-2], dense[-2], dense[-1], params.activation)
    return FittedForecast(weights, signature, watch.curves(learnt[1], None), ("keras", params.backend))


def _whole(matrix: "Matrix") -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the features and scaled targets of windows without a gap that a model can learn from."""
    target = taken_out(matrix.features, matrix.target) if len(matrix.target) else np.empty((0, 1))
    known = np.isfinite(target).all(axis=1) & measurable(target)
    return matrix.features[known], target[known].astype(np.float32)


def _names(params: "KerasForecastParams") -> list[str]:
    return [*(f"dense_{number}" for number in range(1, len(params.layers) + 1)), "steps", "linear"]


def _network(
    keras: Any, params: "KerasForecastParams", means: NDArray[np.float32], inverse: NDArray[np.float32], steps: int
) -> Any:
    penalty = keras.regularizers.L2(params.l2) if params.l2 else None
    inputs = keras.Input((len(means),), dtype="float32")
    ready = keras.ops.clip(keras.ops.multiply(keras.ops.subtract(inputs, means), inverse), -FAR, FAR)
    hidden = ready
    for name, width in zip(_names(params), params.layers, strict=False):
        hidden = keras.layers.Dense(width, params.activation, kernel_regularizer=penalty, name=name)(hidden)
        if params.dropout:
            hidden = keras.layers.Dropout(params.dropout)(hidden)
    bent = keras.layers.Dense(steps, kernel_regularizer=penalty, name="steps")(hidden)
    linear = keras.layers.Dense(steps, kernel_regularizer=penalty, name="linear")(ready)
    return keras.Model(inputs, keras.layers.Add()([bent, linear]))


def _train(keras: Any, network: Any, params: "KerasForecastParams", learnt: Any, watched: Any) -> Watch:
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate=params.learning_rate),
        loss=keras.losses.MeanSquaredError(),
        weighted_metrics=[keras.metrics.MeanSquaredError(name=MEASURED)],
    )
    watch = Watch(params)  # type: ignore[arg-type]  # it asks for epochs and learning_rate only
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=watch.epoch_ended)]
    if len(watched[0]):
        patience = params.patience or params.epochs
        callbacks.append(
            keras.callbacks.EarlyStopping(f"val_{MEASURED}", patience=patience, mode="min", restore_best_weights=True)
        )
    network.fit(
        *learnt,
        batch_size=params.batch_size,
        epochs=params.epochs,
        validation_data=watched if len(watched[0]) else None,
        validation_batch_size=_AT_ONCE,
        callbacks=callbacks,
        verbose=0,
    )
    return watch
