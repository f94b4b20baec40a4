"""The training of a network on the float matrix."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import bounded
from ml.runtimes import keras_backend
from ml.trainers.keras import training
from ml.trainers.keras.fitted import FittedKeras
from ml.trainers.keras.network import build, prepare
from ml.trainers.keras.params import KerasMlpParams
from ml.trainers.trainable import category_sizes, require_trainable
from schemas.errors import ContentError
from schemas.signature import Signature

if TYPE_CHECKING:
    from ml.components.matrix import Matrix


def fit(
    params: KerasMlpParams, train: "Matrix", validation: "Matrix", signature: Signature, *, seed: int
) -> FittedKeras:
    """Fit the network on the training matrix.

    Raises:
        ContentError: If the rows cannot be trained on, or the loss stops being a number.
        ConfigurationError: If Keras is not installed or computes with another backend in this process.
    """
    require_trainable(train, signature)
    keras = keras_backend.load(params.backend)
    categories, output = category_sizes(signature), signature.output
    preparation = prepare(bounded(train.features), categories)
    if not preparation.width:
        raise ContentError("No feature is left to learn from: every category column is empty in the training rows")
    head = training.head_of(train, output)
    learnt, watched = training.learning_sets(params, head, train, validation, _features)
    with training.seeded(keras, seed):
        network, predicting = build(keras, params, preparation, head, train.features.shape[1])
        watch = training.train(keras, network, params, learnt, watched)
    learning = watch.curves(learnt.target, learnt.weights)
    return FittedKeras(predicting, params, preparation, head, output, categories, learning, ("keras", params.backend))


def _features(rows: "Matrix", chosen: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    return bounded(rows.features if chosen is None else rows.features[chosen])
