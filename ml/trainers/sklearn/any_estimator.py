"""Any classifier or regressor of scikit-learn, by class name, with that class's own parameters."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ml.components.trainer import Fitted, Trainer
from schemas.base import Task
from schemas.column_types import SCALAR_TYPES, TEXT, ColumnType
from schemas.errors import Fault

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from schemas.signature import Signature


class SklearnParams(BaseModel):
    """`estimator` is a class name; every other key is a parameter of that class, checked against it by `faults`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    estimator: str = Field(description="class name of a scikit-learn classifier or regressor")


class Sklearn(Trainer):
    """A scikit-learn estimator behind imputation, scaling where it needs it, and one-hot encoding."""

    Params: ClassVar[type[BaseModel]] = SklearnParams
    params: SklearnParams
    takes: ClassVar[Collection[ColumnType]] = SCALAR_TYPES | {TEXT}
    tasks: ClassVar[Sequence[Task]] = ("binary", "multiclass", "regression")

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return what the estimator would refuse: its name, its parameters' names and values, its kind for the task."""
        from ml.trainers.sklearn import catalog

        name = params.get("estimator")
        if not isinstance(name, str):
            return []  # `Params` reports it already
        found = catalog.find(name)
        own = {key: value for key, value in params.items() if key not in ("estimator", "name")}
        wrong = catalog.parameter_faults([found], own) if found else []
        return catalog.name_faults(name, task) + wrong

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> Fitted:
        """Fit on `train`; scikit-learn's estimators do not use `validation`. Raises ContentError."""
        from ml.trainers.sklearn import catalog
        from ml.trainers.sklearn.pipeline import fit
        from schemas.errors import ConfigurationError

        found = catalog.find(self.params.estimator)
        faults = catalog.name_faults(self.params.estimator, signature.output.task)
        if found is None or faults:
            raise ConfigurationError(faults)
        return fit(found, self.params.model_extra or {}, train, signature, seed=seed)
