"""A multilayer perceptron in Keras 3; nothing heavy is imported before `fit`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from ml.components.trainer import Fitted, Trainer
from ml.trainers.keras.params import KerasMlpParams
from schemas.base import Task
from schemas.errors import Fault

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from schemas.data import TableSchema
    from schemas.signature import Signature

_NO_CLASSES = "a regression has no classes to weigh"


class KerasMlp(Trainer):
    """Fully connected layers on imputed, standardised and one-hot encoded features."""

    Params: ClassVar[type[BaseModel]] = KerasMlpParams
    params: KerasMlpParams
    tasks: ClassVar[Sequence[Task]] = ("binary", "multiclass", "regression")

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
    def incompatibilities(cls, params: Mapping[str, Any], schema: "TableSchema") -> list[str]:
        """Return that class weights were declared although the rows turned out to hold no classes."""
        weighed = schema.problem.task == "regression" and params.get("class_weight") is not None
        return [f"class_weight: {_NO_CLASSES}"] if weighed else []

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> Fitted:
        """Fit on `train`; `validation` decides which epoch's weights are kept and when to stop.

        Raises:
            ContentError: If the rows cannot be trained on, or the loss stops being a number.
            ConfigurationError: If Keras is not installed or computes with another backend in this process.
        """
        from ml.trainers.keras.fit import fit

        return fit(self.params, train, validation, signature, seed=seed)
