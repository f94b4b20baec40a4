"""A network on the words of texts, and on scalars beside them, as one Keras model from numbers of words to predictions.

Padding has no say: what a text becomes depends on its words alone, not on the other rows nor on how long they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ml.runtimes.onnx import INPUT
from ml.text.tokens import PADDING
from ml.trainers.keras.network import Head, Preparation, TrainedNetwork, answer, prepared, raw_sums
from ml.trainers.keras.params import KerasTextParams

HIDDEN = -1e9
"""What the score of padding is replaced by: e to that power is zero in float32."""


@dataclass(frozen=True)
class TextInput:
    """One column of texts: the network's `input` takes the array called `column`, of numbers below `numbers`."""

    column: str
    input: str
    numbers: int


@dataclass(frozen=True)
class TrainedTextNetwork(TrainedNetwork):
    """A trained network whose `model` takes the numbers of words of each of `texts` and, if any is used, features."""

    params: KerasTextParams
    texts: tuple[TextInput, ...]

    @property
    def columns(self) -> dict[str, str]:
        """The array that each input of the network takes."""
        scalars = {INPUT: INPUT} if self.preparation.width else {}
        return {**scalars, **{one.input: one.column for one in self.texts}}


def build(
    keras: Any,
    params: KerasTextParams,
    preparation: Preparation,
    head: Head,
    features: int,
    texts: Sequence[TextInput],
) -> tuple[Any, Any]:
    """Return the model that is trained (it gives raw sums) and the model that predicts; they share their weights."""
    inputs: dict[str, Any] = {}
    parts = []
    if preparation.width:
        inputs[INPUT] = keras.Input((features,), name=INPUT, dtype="float32")
        parts.append(prepared(keras, preparation, inputs[INPUT]))
    for text in texts:
        inputs[text.input] = keras.Input((None,), name=text.input, dtype="int32")
        pooled = _pooled(keras, params, text, inputs[text.input])
        parts.append(keras.layers.Dropout(params.dropout, name=f"dropout_{text.input}")(pooled))
    hidden = parts[0] if len(parts) == 1 else keras.ops.concatenate(parts, axis=1)
    raw = raw_sums(keras, params, head, hidden)
    predictions = answer(keras, head, raw)
    return keras.Model(inputs, raw, name="network"), keras.Model(inputs, predictions, name="drivetrain")


def _pooled(keras: Any, params: KerasTextParams, text: TextInput, numbers: Any) -> Any:
    ops, layers = keras.ops, keras.layers
    vectors = layers.Embedding(text.numbers, params.embedding, name=f"embedding_{text.input}")(numbers)
    is_word = ops.expand_dims(ops.not_equal(numbers, PADDING), axis=2)
    words = ops.cast(is_word, "float32")
    if params.pooling == "convolution":
        # Behind the end there is nothing, as behind the padding; sums of a ReLU are at least that nothing, 0.
        convolve = layers.Conv1D(params.filters, params.window, padding="same", name=f"convolution_{text.input}")
        runs = layers.Activation("relu", name=f"runs_{text.input}")(convolve(ops.multiply(vectors, words)))
        return ops.max(ops.multiply(runs, words), axis=1)
    keys = layers.Dense(params.embedding, activation="tanh", name=f"keys_{text.input}")(vectors)
    scores = layers.Dense(1, name=f"scores_{text.input}")(keys)
    shares = layers.Softmax(axis=1, name=f"shares_{text.input}")(ops.where(is_word, scores, HIDDEN))
    return ops.sum(ops.multiply(vectors, ops.multiply(shares, words)), axis=1)
