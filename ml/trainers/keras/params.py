"""Parameters of `keras_mlp`: the network, and how it is trained."""

from typing import Annotated, Literal

from pydantic import Field

from ml.runtimes.keras_backend import Backend
from schemas.base import Strict

Activation = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "mish", "squareplus"
]
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
