"""The baselines: the same prediction for every row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from pydantic import BaseModel

from ml.components.trainer import Fitted, Trainer
from schemas.base import Strict, Task
from schemas.column_types import ColumnType
from schemas.errors import ContentError, Fault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ml.components.matrix import Matrix
    from ml.components.trainer import Export
    from ml.predictions.predictor import Predictions
    from ml.runtimes.rules import Constant
    from schemas.signature import Output, Signature


class NoParams(Strict):
    """A baseline has no parameters."""


@dataclass(frozen=True)
class FittedConstant(Fitted):
    """A constant prediction."""

    rule: "Constant"
    output: "Output"
    warnings: tuple[str, ...] = ()

    def predict(self, features: "NDArray[np.float32]") -> "Predictions":
        """Predict for (n, features)."""
        from ml.runtimes.rules import ConstantModel

        return ConstantModel(self.rule, self.output).predict(features)

    def export(self, folder: Path, example: "NDArray[np.float32]") -> "Export":
        """Write `rules.json` into `folder`."""
        from ml.components.trainer import Export

        (folder / "rules.json").write_text(self.rule.model_dump_json(), encoding="utf-8")
        return Export(runtime="rules", file="rules.json", reason="a constant prediction needs no graph")


class Majority(Trainer):
    """Predicts the most frequent class, with the training set's shares as probabilities."""

    Params: ClassVar[type[BaseModel]] = NoParams
    params: NoParams
    takes: ClassVar[Collection[ColumnType]] = frozenset(get_args(ColumnType))
    tasks: ClassVar[Sequence[Task]] = ("binary", "multiclass")

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return a fault for a regression task."""
        if task == "regression":
            return [Fault("name", "majority predicts a class, but the task is regression", "choose mean")]
        return []

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> FittedConstant:
        """Count the classes of `train`. Raises ContentError when there are no rows."""
        import numpy as np

        from ml.runtimes.rules import Constant

        known = train.target[train.target >= 0]
        if not len(known):
            raise ContentError(f"No training row has a value in the target {signature.output.target!r}")
        counts = np.bincount(known, minlength=len(signature.output.classes or []))
        return FittedConstant(Constant(probabilities=(counts / counts.sum()).tolist()), signature.output)


class Mean(Trainer):
    """Predicts the mean of the training set's target."""

    Params: ClassVar[type[BaseModel]] = NoParams
    params: NoParams
    takes: ClassVar[Collection[ColumnType]] = frozenset(get_args(ColumnType))
    tasks: ClassVar[Sequence[Task]] = ("regression",)

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return a fault for a classification task."""
        if task not in ("regression", "auto"):
            return [Fault("name", f"mean predicts a value, but the task is {task}", "choose majority")]
        return []

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> FittedConstant:
        """Average the target of `train`. Raises ContentError when there is no finite value."""
        import numpy as np

        from ml.runtimes.rules import Constant

        known = train.target[np.isfinite(train.target)]
        if not len(known):
            raise ContentError(f"No training row has a number in the target {signature.output.target!r}")
        return FittedConstant(Constant(value=float(known.mean())), signature.output)
