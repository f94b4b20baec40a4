"""A multilayer perceptron in Keras 3: parameters and what they need; nothing heavy is imported before `fit`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from ml.runtimes.keras_backend import Backend
from schemas.base import Strict, Task
from schemas.errors import Fault

if TYPE_CHECKING:
    from ml.components import Matrix
    from ml.trainers.keras.fit import FittedKeras
    from schemas.data import TableSchema
    from schemas.signature import Signature

Activation = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "mish", "squareplus"
]
_NO_CLASSES = "a regression has no classes to weigh"
Width = Annotated[int, Field(ge=1, le=16_384)]


class KerasMlpParams(Strict):
    """The network, and how it is trained."""

    backend: Backend = Field(default="jax", description="what Keras computes with; one for a process")
    layers: list[Width] = Field(
        default=[64, 32], max_length=50, description="width of each hidden layer; []: a linear model"
    )
    activation: Activation = Field(
        default="relu", description="of the hidden layers; mish and squareplus are packaged as .keras, the rest as ONNX"
    )
    batch_normalization: bool = Field(default=False, description="whether each hidden layer's sums are normalised")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="share of each hidden layer switched off in a step")
    l2: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="penalty on squared weights")
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(default="adam", description="of Keras")
    learning_rate: float = Field(default=0.001, gt=0, allow_inf_nan=False, description="the optimizer's step")
    epochs: int = Field(default=100, ge=1, le=1_000_000, description="most passes over the training rows")
    batch_size: int = Field(default=32, ge=1, description="rows in a step")
    patience: int | None = Field(
        default=10, ge=1, description="epochs without a better validation loss before it stops; null: all epochs"
    )
    class_weight: Literal["balanced"] | None = Field(
        default=None, description="balanced: every class counts the same, however many rows it has"
    )


class KerasMlp:
    """Fully connected layers on imputed, standardised and one-hot encoded features."""

    Params: ClassVar[type[BaseModel]] = KerasMlpParams
    tasks: ClassVar[Sequence[Task]] = ("binary", "multiclass", "regression")

    def __init__(self, params: KerasMlpParams) -> None:
        self._params = params

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return what is not installed for the backend, and class weights where there are no classes."""
        from ml.runtimes import keras_backend

        backend = params.get("backend", KerasMlpParams().backend)
        found = keras_backend.faults(backend)
        if task == "regression" and params.get("class_weight") is not None:
            found.append(Fault("class_weight", _NO_CLASSES, "leave it out"))
        return found

    @classmethod
    def misfits(cls, params: Mapping[str, Any], schema: "TableSchema") -> list[str]:
        """Return that class weights were declared although the rows turned out to hold no classes."""
        weighed = schema.problem.task == "regression" and params.get("class_weight") is not None
        return [f"class_weight: {_NO_CLASSES}"] if weighed else []

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> "FittedKeras":
        """Fit on `train`; `validation` decides which epoch's weights are kept and when to stop.

        Raises:
            ContentError: If the rows cannot be trained on, or the loss stops being a number.
            ConfigurationError: If Keras is not installed or computes with another backend in this process.
        """
        from ml.trainers.keras.fit import fit

        return fit(self._params, train, validation, signature, seed=seed)
