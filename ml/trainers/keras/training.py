"""The training of any network: seeded, watched epoch by epoch, the best epoch's weights kept."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.trainers.keras.callbacks import MEASURED, Watch
from ml.trainers.keras.network import Head
from ml.trainers.keras.params import TrainingParams
from schemas.errors import ContentError
from schemas.signature import Output

if TYPE_CHECKING:
    from ml.components.matrix import Matrix

Given = NDArray[Any] | dict[str, NDArray[Any]]
"""What a network takes: one array, or one for each of its inputs by name."""
Inputs = Callable[["Matrix", NDArray[np.bool_] | None], Given]
"""From a matrix, and which of its rows (None: all), to what the network takes."""
_WATCHED_AT_ONCE = 1024  # validation rows in a step, at least


@dataclass(frozen=True)
class LearningSet:
    """Rows to learn from or to watch; `target` is class positions among the known ones, or standardised values."""

    given: Given
    target: NDArray[Any]
    weights: NDArray[np.float32] | None

    @property
    def parts(self) -> tuple[Any, ...]:
        """Return what Keras takes as validation data."""
        return (self.given, self.target) if self.weights is None else (self.given, self.target, self.weights)


def head_of(train: "Matrix", output: Output) -> Head:
    """Return what the last layer is to give, read off the training target. Raises ContentError for absurd values."""
    if output.task != "regression":
        return Head([int(code) for code in np.unique(train.target)], len(output.classes or []))
    with np.errstate(over="ignore"):
        mean, deviation = (float(np.float32(one)) for one in (train.target.mean(), train.target.std()))
    if not np.isfinite([mean, deviation]).all():
        raise ContentError(f"The values of {output.target!r} are too large to learn from; declare a larger unit")
    return Head([], 0, deviation or 1.0, mean)


def learning_sets(
    params: TrainingParams, head: Head, train: "Matrix", validation: "Matrix", inputs: Inputs
) -> tuple[LearningSet, LearningSet | None]:
    """Return what is learnt from and what is watched; a validation row with an unknown class or value is left out."""
    if not head.classes:
        known = np.isfinite(validation.target)
        first, second = ((one - head.offset) / head.scale for one in (train.target, validation.target[known]))
        learnt = LearningSet(inputs(train, None), first.astype(np.float32), None)
        watched = LearningSet(inputs(validation, known), second.astype(np.float32), None)
    else:
        known = np.isin(validation.target, head.classes)
        first, second = (np.searchsorted(head.classes, one) for one in (train.target, validation.target[known]))
        by_class = len(first) / (len(head.classes) * np.bincount(first)) if params.class_weight else None
        learnt = LearningSet(inputs(train, None), first, _weights(by_class, first))
        watched = LearningSet(inputs(validation, known), second, _weights(by_class, second))
    return learnt, watched if known.any() else None


def _weights(by_class: NDArray[np.float64] | None, target: NDArray[np.int64]) -> NDArray[np.float32] | None:
    return None if by_class is None else by_class[target].astype(np.float32)


def train(keras: Any, network: Any, params: TrainingParams, learnt: LearningSet, watched: LearningSet | None) -> Watch:
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
        learnt.given,
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


def _optimizer(keras: Any, params: TrainingParams) -> Any:
    kinds = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }
    return kinds[params.optimizer](learning_rate=params.learning_rate)


@contextmanager
def seeded(keras: Any, seed: int) -> Iterator[None]:
    """Draw everything from `seed`, and leave Python's and NumPy's own generators as they were."""
    python, numpy = random.getstate(), np.random.get_state()
    keras.utils.clear_session(free_memory=False)  # names in a file count on from the networks before else
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
