"""The training of a network on texts."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import bounded
from ml.runtimes import keras_backend
from ml.runtimes.onnx import INPUT
from ml.text.tokens import FIRST, PADDING
from ml.trainers.keras import training
from ml.trainers.keras.network import prepare
from ml.trainers.keras.params import KerasTextParams
from ml.trainers.keras.text_fitted import FittedKerasText
from ml.trainers.keras.text_network import TextInput, build
from ml.trainers.trainable import category_sizes, require_trainable
from ml.values.column_keys import key
from schemas.signature import Signature, TokensDerivation

if TYPE_CHECKING:
    from ml.components.matrix import Matrix

_FEW_CUT = 0.05
"""Of the texts: so many may be longer than what is read of them without a word about it."""


def fit(
    params: KerasTextParams, train: "Matrix", validation: "Matrix", signature: Signature, *, seed: int
) -> FittedKerasText:
    """Fit the network on the training matrix.

    Raises:
        ContentError: If the rows cannot be trained on, or the loss stops being a number.
        ConfigurationError: If Keras is not installed or computes with another backend in this process.
    """
    require_trainable(train, signature)
    texts = _texts(signature)
    keras = keras_backend.load(params.backend)
    categories = category_sizes(signature)
    preparation = prepare(bounded(train.features), categories)

    def inputs(rows: "Matrix", chosen: NDArray[np.bool_] | None) -> dict[str, NDArray[Any]]:
        arrays = {one.input: np.asarray(rows.arrays[one.column]) for one in texts}
        if preparation.width:
            arrays[INPUT] = bounded(rows.features)
        return arrays if chosen is None else {name: array[chosen] for name, array in arrays.items()}

    head = training.head_of(train, signature.output)
    learnt, watched = training.learning_sets(params, head, train, validation, inputs)
    with training.seeded(keras, seed):
        network, predicting = build(keras, params, preparation, head, train.features.shape[1], texts)
        watch = training.train(keras, network, params, learnt, watched)
    return FittedKerasText(
        predicting,
        params,
        preparation,
        head,
        texts,
        signature.output,
        categories,
        watch.curves(learnt.target, learnt.weights),
        ("keras", params.backend),
        [text for one in texts if (text := _cut(one.column, np.asarray(train.arrays[one.column])))],
    )


def _cut(column: str, numbers: NDArray[np.int32]) -> str:
    """Say how many texts are as long as what is read of them; nothing where it is a few."""
    length = numbers.shape[1]
    share = float((numbers[:, -1] != PADDING).mean())
    if share <= _FEW_CUT:
        return ""
    return (
        f"{share:.0%} of the training texts in {column!r} have {length:,} words or more, and no word behind the first "
        f"{length:,} is read; declare {key(column, 'max_tokens')}"
    )


def _texts(signature: Signature) -> tuple[TextInput, ...]:
    derivations = [one for one in signature.derivations if isinstance(one, TokensDerivation)]
    return tuple(
        TextInput(one.column, f"text_{number}", len(one.words) + FIRST)
        for number, one in enumerate(derivations, start=1)
    )
