"""Parameters of `keras_forecast`: the network, and how it is trained."""

from typing import Literal

from pydantic import Field

from ml.runtimes.keras_backend import Backend
from ml.trainers.keras.params import Width
from schemas.base import Strict


class KerasForecastParams(Strict):
    """The network, and how it is trained."""

    backend: Backend = Field(default="jax", description="what Keras computes with; one for a process")
    layers: list[Width] = Field(
        default=[64, 32], max_length=50, description="width of each hidden layer beside the linear one; []: linear"
    )
    activation: Literal["relu", "elu", "gelu", "silu", "tanh", "softplus"] = Field(
        default="relu", description="of the hidden layers"
    )
    dropout: float = Field(default=0.1, ge=0, lt=1, description="share of each hidden layer switched off in a step")
    l2: float = Field(default=0.0001, ge=0, allow_inf_nan=False, description="penalty on squared weights")
    learning_rate: float = Field(default=0.001, gt=0, allow_inf_nan=False, description="Adam's step")
    epochs: int = Field(default=100, ge=1, le=1_000_000, description="most passes over the training windows")
    batch_size: int = Field(default=64, ge=1, description="windows in a step")
    patience: int | None = Field(
        default=10, ge=1, description="epochs without a better validation loss before it stops; null: all epochs"
    )
