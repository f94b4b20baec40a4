"""scikit-learn estimators that have a name of their own; their parameters are the estimator's own."""

from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from ml.components.trainer import Fitted, Trainer
from schemas.base import Task
from schemas.column_types import SCALAR_TYPES, TEXT, ColumnType
from schemas.errors import Fault

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from schemas.signature import Signature

_CLASSIFICATION: tuple[Task, ...] = ("binary", "multiclass")


class PresetParams(BaseModel):
    """Every key is a parameter of the preset's estimator, checked against it by `faults`."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Preset(Trainer):
    """What the presets share; `classifier` and `regressor` are `module:class` inside scikit-learn."""

    Params: ClassVar[type[BaseModel]] = PresetParams
    params: PresetParams
    takes: ClassVar[Collection[ColumnType]] = SCALAR_TYPES | {TEXT}
    tasks: ClassVar[Sequence[Task]] = (*_CLASSIFICATION, "regression")
    classifier: ClassVar[str | None] = None
    regressor: ClassVar[str | None] = None

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return what the preset's estimator would refuse: names and values of parameters, and the task."""
        from ml.trainers.sklearn import catalog

        own = {key: value for key, value in params.items() if key != "name"}
        allowed = cls.estimators(task)
        if allowed:
            return catalog.parameter_faults(allowed, own)
        text = f"this trainer learns {' and '.join(cls.tasks)} tasks, but the task is {task}"
        every = cls.estimators("auto")
        return [Fault("name", text, "choose another trainer"), *catalog.parameter_faults(every, own)]

    @classmethod
    def estimators(cls, task: str) -> list[type[Any]]:
        """Return the scikit-learn classes that the task allows; `auto` allows both kinds."""
        from ml.trainers.sklearn.catalog import kinds

        places = {"classifier": cls.classifier, "regressor": cls.regressor}
        return [_load(place) for kind in kinds(task) if (place := places[kind]) is not None]

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> Fitted:
        """Fit on `train`; scikit-learn's estimators do not use `validation`. Raises ContentError."""
        from ml.trainers.sklearn.pipeline import fit
        from schemas.errors import ConfigurationError

        allowed = self.estimators(signature.output.task)
        if not allowed:
            raise ConfigurationError(self.faults({}, signature.output.task))
        return fit(allowed[0], self.params.model_extra or {}, train, signature, seed=seed)


class LogisticRegression(Preset):
    """Logistic regression: classes from a weighted sum of the features."""

    tasks = _CLASSIFICATION
    classifier = "linear_model:LogisticRegression"


class Ridge(Preset):
    """Ridge regression: least squares with shrunken weights."""

    tasks = ("regression",)
    regressor = "linear_model:Ridge"


class RandomForest(Preset):
    """A random forest: many trees on random parts of rows and features, averaged."""

    classifier = "ensemble:RandomForestClassifier"
    regressor = "ensemble:RandomForestRegressor"


class GradientBoosting(Preset):
    """Gradient boosting: trees that each correct what those before got wrong."""

    classifier = "ensemble:GradientBoostingClassifier"
    regressor = "ensemble:GradientBoostingRegressor"


def _load(place: str) -> type[Any]:
    module, name = place.split(":")
    found: type[Any] = getattr(import_module(f"sklearn.{module}"), name)
    return found
