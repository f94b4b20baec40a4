"""Parameters of networks: what they are made of, and how they are trained."""

from typing import Annotated, Literal

from pydantic import Field

from ml.runtimes.keras_backend import Backend
from schemas.base import Strict

Activation = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "mish", "squareplus"
]
Width = Annotated[int, Field(ge=1, le=16_384)]


class TrainingParams(Strict):
    """How a network is trained."""

    backend: Backend = Field(default="jax", description="what Keras computes with; one for a process")
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


class KerasMlpParams(TrainingParams):
    """The network, and how it is trained."""

    layers: list[Width] = Field(
        default=[64, 32], max_length=50, description="width of each hidden layer; []: a linear model"
    )
    activation: Activation = Field(
        default="relu", description="of the hidden layers; mish and squareplus are packaged as .keras, the rest as ONNX"
    )
    batch_normalization: bool = Field(default=False, description="whether each hidden layer's sums are normalised")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="share of each hidden layer switched off in a step")
    l2: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="penalty on squared weights")


class KerasTextParams(KerasMlpParams):
    """A network on words: a vector for each, what is made of a text's vectors, and the layers behind."""

    embedding: int = Field(default=64, ge=1, le=4_096, description="numbers that stand for a word")
    pooling: Literal["attention", "convolution"] = Field(
        default="attention",
        description="what is made of a text's words: attention weighs each, whatever its place; convolution sees runs",
    )
    window: int = Field(default=3, ge=1, le=99, description="words in a row that a convolution sees")
    filters: int = Field(default=64, ge=1, le=4_096, description="runs of words that a convolution looks for")
    layers: list[Width] = Field(default=[32], max_length=50, description="width of each hidden layer behind the texts")
    dropout: float = Field(
        default=0.2, ge=0, lt=1, description="share of each hidden layer, and of the texts' numbers, left out in a step"
    )
    epochs: int = Field(default=30, ge=1, le=1_000_000, description="most passes over the training rows")
    patience: int | None = Field(
        default=3, ge=1, description="epochs without a better validation loss before it stops; null: all epochs"
    )
