"""A network that forecasts all steps at once, in Keras 3; nothing heavy is imported before `fit`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from ml.components.trainer import Trainer
from ml.trainers.keras.forecast_params import KerasForecastParams
from schemas.base import Task
from schemas.errors import Fault

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from ml.trainers.keras.forecast_fit import FittedForecast
    from schemas.signature import Signature


class KerasForecast(Trainer):
    """All steps of a window from all its features: hidden layers, and a linear one beside them.

    Source:
        A. Das et al., Long-term Forecasting with TiDE: Time-series Dense Encoder, TMLR 2023: dense layers over the past
        and the covariates of the future, with a linear residual, do what larger networks do.
    """

    Params: ClassVar[type[BaseModel]] = KerasForecastParams
    params: KerasForecastParams
    tasks: ClassVar[Sequence[Task]] = ("forecast",)

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return what is not installed for the backend, and that only series are forecast."""
        from ml.runtimes import keras_backend

        found = keras_backend.faults(params.get("backend", KerasForecastParams().backend))
        if task not in ("forecast", "auto"):
            found.append(Fault("name", f"it forecasts series, but the task is {task}", "choose keras_mlp"))
        return found

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> "FittedForecast":
        """Fit on `train`; `validation` decides which epoch's weights are kept and when to stop.

        Raises:
            ContentError: If the windows cannot be trained on, or the loss stops being a number.
            ConfigurationError: If Keras is not installed or computes with another backend in this process.
        """
        from ml.trainers.keras.forecast_fit import fit

        return fit(self.params, train, validation, signature, seed=seed)
