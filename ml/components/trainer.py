"""Kind `train`: what learns, and the baselines."""

import sys
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ml.components.component import Component
from ml.predictions.predictor import FEATURES, ArrayPredictor, Predictor
from ml.values.memory_bound import MemoryBound
from schemas.base import Task
from schemas.column_types import SCALAR_TYPES, ColumnType
from schemas.errors import Fault
from schemas.explanation import LinearForm
from schemas.learning import LearningCurves
from schemas.package import Runtime
from schemas.rules import RuleRecord
from schemas.text import TextAs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ml.components.matrix import Matrix
    from ml.predictions.predictor import Arrays
    from schemas.data import TableSchema
    from schemas.signature import Signature


@dataclass(frozen=True)
class Export:
    """Which runtime the packaged form has, its file's name, and the reason for it."""

    runtime: Runtime
    file: str
    reason: str


class Fitted(Predictor):
    """A trained object: what it predicts, its packaged form, and what is known of how it came about."""

    warnings: Sequence[str] = ()
    """Texts for a person, such as a solver that did not converge."""
    learning: LearningCurves | None = None
    """How one that learns by epochs has learnt."""
    libraries: Sequence[str] = ()
    """The distributions that decide what it predicts, where those are more than every model's."""
    records: Sequence[RuleRecord] = ()
    """Of one made of rules: what each rule did on the training rows."""
    forecasts: Literal["rows", "values"] = "values"
    """Of one of forecasts: whether its packaged form gives steps in units of each window's scale, or as they are."""

    @abstractmethod
    def export(self, folder: Path, example: "NDArray[np.float32]") -> Export:
        """Write the runtime's file into `folder`: ONNX, else the next runtime, never pickle. Raises PackageError."""

    def export_within(self, folder: Path, example: "NDArray[np.float32]", memory: MemoryBound) -> Export:
        """Do the same, and leave out each runtime whose making would take more memory than there may be taken.

        Without an estimate of its own a form is made whatever it takes. Raises PackageError.
        """
        return self.export(folder, example)

    def linear_forms(self) -> Sequence[LinearForm]:
        """Return what the model may be where it is linear in its features, the preferred form first.

        The first that gives its predictions goes into the package and explains them exactly; others are left out.
        """
        return ()

    def export_arrays(self, folder: Path, example: "Arrays", memory: MemoryBound) -> Export:
        """Do the same where `reads_arrays` is true; `example` are the arrays of training rows. Raises PackageError."""
        raise NotImplementedError(f"{type(self).__name__} reads features, not arrays")


class ArrayFitted(ArrayPredictor, Fitted):
    """A trained object that takes more than the float matrix; `predict_arrays` and `export_arrays` are its own."""

    def export(self, folder: Path, example: "NDArray[np.float32]") -> Export:
        """Write the runtime's file into `folder`. Raises PackageError."""
        return self.export_arrays(folder, {FEATURES: example}, MemoryBound(sys.maxsize, "any bound"))

    @abstractmethod
    def export_arrays(self, folder: Path, example: "Arrays", memory: MemoryBound) -> Export:
        """Write the runtime's file into `folder`: ONNX with an input for each array that it reads, else the next.

        An input is called as its array is. Raises PackageError.
        """


class Trainer(Component):
    """A trainer or baseline; `tasks` and `fit` are its own, all else has a default.

    `Params` is a pydantic model (extra="forbid" unless the component checks the rest itself in `faults`). Modules of
    trainers import heavy libraries inside functions.
    """

    tasks: ClassVar[Sequence[Task]]
    takes: ClassVar[Collection[ColumnType]] = SCALAR_TYPES
    """The types of columns that it learns from; one that takes no arrays never sees rows with some."""
    text_as: ClassVar[TextAs] = "tfidf"
    """What is made of a text for it: weights of its words, or the numbers of its words in their order."""
    gives_probabilities: ClassVar[bool] = True
    """False keeps metrics that need probabilities from being asked for."""
    light: ClassVar[bool] = False
    """Whether `faults` imports no training library, so that it is asked also where something else is wrong."""

    @abstractmethod
    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> Fitted:
        """Fit on `train`; `validation` steers early stopping only. Raises ContentError for what it cannot learn."""

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return what is wrong with parameters beyond `Params` (`task` may be auto); paths relative to `trainer`."""
        return []

    @classmethod
    def columns(cls, params: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the raw columns that the parameters refer to, by key path below the trainer."""
        return {}

    @classmethod
    def incompatibilities(cls, params: Mapping[str, Any], schema: "TableSchema") -> list[str]:
        """Return what cannot work with the rows' task and classes; each text begins with a key path below the trainer.

        It is asked before training.
        """
        return []

    @classmethod
    def estimators(cls, task: str) -> list[type[Any]]:
        """Return the classes of a library whose parameters are the trainer's own, where there are such."""
        return []
