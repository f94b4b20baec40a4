"""The training of the network: seeded, watched epoch by epoch, the best epoch's weights kept."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import bounded
from ml.runtimes import keras_backend
from ml.trainers.keras.callbacks import MEASURED, Watch
from ml.trainers.keras.fitted import FittedKeras
from ml.trainers.keras.network import Head, build, prepare
from ml.trainers.keras.params import KerasMlpParams
from ml.trainers.trainable import category_sizes, require_trainable
from schemas.errors import ContentError
from schemas.signature import Output, Signature

if TYPE_CHECKING:
    from ml.components.matrix import Matrix

_WATCHED_AT_ONCE = 1024  # validation rows in a step, at least


@dataclass(frozen=True)
class _Set:
    """Rows to learn from or to watch; `target` is class positions among the known ones, or standardised values."""

    features: NDArray[np.float32]
    target: NDArray[Any]
    weights: NDArray[np.float32] | None

    @property
    def parts(self) -> tuple[NDArray[Any], ...]:
        """Return what Keras takes as validation data."""
        return (self.features, self.target) if self.weights is None else (self.features, self.target, self.weights)


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
    head = _head(train, output)
    learnt, watched = _sets(params, head, train, validation)
    with _seeded(keras, seed):
        network, predicting = build(keras, params, preparation, head, train.features.shape[1])
        watch = _train(keras, network, params, learnt, watched)
    learning = watch.curves(learnt.target, learnt.weights)
    return FittedKeras(predicting, params, preparation, head, output, categories, learning, ("keras", params.backend))


def _head(train: "Matrix", output: Output) -> Head:
    if output.task != "regression":
        return Head([int(code) for code in np.unique(train.target)], len(output.classes or []))
    with np.errstate(over="ignore"):
        mean, deviation = (float(np.float32(one)) for one in (train.target.mean(), train.target.std()))
    if not np.isfinite([mean, deviation]).all():
        raise ContentError(f"The values of {output.target!r} are too large to learn from; declare a larger unit")
    return Head([], 0, deviation or 1.0, mean)


def _sets(params: KerasMlpParams, head: Head, train: "Matrix", validation: "Matrix") -> tuple[_Set, _Set | None]:
    """Return what is learnt from and what is watched; a validation row with an unknown class or value is left out."""
    if not head.classes:
        known = np.isfinite(validation.target)
        first, second = ((one - head.offset) / head.scale for one in (train.target, validation.target[known]))
        learnt = _Set(bounded(train.features), first.astype(np.float32), None)
        watched = _Set(bounded(validation.features[known]), second.astype(np.float32), None)
    else:
        known = np.isin(validation.target, head.classes)
        first, second = (np.searchsorted(head.classes, one) for one in (train.target, validation.target[known]))
        by_class = len(first) / (len(head.classes) * np.bincount(first)) if params.class_weight else None
        learnt = _Set(bounded(train.features), first, _weights(by_class, first))
        watched = _Set(bounded(validation.features[known]), second, _weights(by_class, second))
    return learnt, watched if known.any() else None


def _weights(by_class: NDArray[np.float64] | None, target: NDArray[np.int64]) -> NDArray[np.float32] | None:
    return None if by_class is None else by_class[target].astype(np.float32)


def _train(keras: Any, network: Any, params: KerasMlpParams, learnt: _Set, watched: _Set | None) -> Watch:
    """Train, keep the best epoch's weights, and return what was watched."""
    loss, measured = _losses(keras, classifies=learnt.target.dtype.kind == "i")
    network.compile(optimizer=_optimizer(keras, params), loss=loss, weighted_metrics=[measured])
    watch = Watch(params)
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=watch.epoch_ended)]
    if watched is not None:
        patience = params.patience or params.epochs
        callbacks.append(
            keras.callbacks.EarlyStopping(f"val_{MEASURED}", patience=patience, mode="min", restore_best_weights=True)
        )
    network.fit(
        learnt.features,
        learnt.target,
        sample_weight=learnt.weights,
        batch_size=params.batch_size,
        epochs=params.epochs,
        validation_data=None if watched is None else watched.parts,
        validation_batch_size=max(params.batch_size, _WATCHED_AT_ONCE),
        callbacks=callbacks,
        verbose=0,
    )
    return watch


def _losses(keras: Any, *, classifies: bool) -> tuple[Any, Any]:
    """Return what is minimised and the same as a metric, which leaves out penalties on weights."""
    if not classifies:
        return keras.losses.MeanSquaredError(), keras.metrics.MeanSquaredError(name=MEASURED)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return loss, keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name=MEASURED)


def _optimizer(keras: Any, params: KerasMlpParams) -> Any:
    kinds = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }
    return kinds[params.optimizer](learning_rate=params.learning_rate)


@contextmanager
def _seeded(keras: Any, seed: int) -> Iterator[None]:
    """Draw everything from `seed`, and leave Python's and NumPy's own generators as they were."""
    python, numpy = random.getstate(), np.random.get_state()
    keras.utils.clear_session(free_memory=False)  # names in a file count on from the networks before else
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
