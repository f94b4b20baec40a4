"""What a component of each slot must offer. A class with these attributes is a component; nothing is inherited.

`Params` is a pydantic model (extra="forbid" unless the component checks the rest itself in `faults`). A component is
constructed with its validated parameters only; modules of components import heavy libraries inside functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from ml.predictions.predictions import Cells, Predictions
from schemas.base import Task
from schemas.data import Problem
from schemas.errors import Fault
from schemas.evaluation import CheckOutcome, Evaluation
from schemas.package import Runtime
from schemas.signature import Signature


@dataclass(frozen=True)
class Matrix:
    """Derived features, float32 (n, features), and the target: class codes int64 (n,) or values float64 (n,).

    A target class that the training set does not have is coded -1. `cells` are the raw input columns that the features
    were derived from, for trainers that read those.
    """

    features: NDArray[np.float32]
    target: NDArray[Any]
    cells: Cells = field(default_factory=dict)


class Source(Protocol):
    """Slot `load`: raw rows from somewhere.

    Three things are optional. `pieces(rows) -> Iterator[DataFrame]` yields all rows in order, at most `rows` at a time
    and with equal dtypes, for tables that do not fit in memory (`ml.sources.chunks` slices for sources without it).
    `pieces_as_stored(rows, known) -> Iterator[ml.sources.chunks.Piece]` yields them also as the source holds them, for
    sources that change them in reading. A component whose `Params` have a field of type `SecretRef` is constructed with
    `(params, reveal)`, where `reveal(reference) -> str` gives the secret at the point of use.
    """

    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: Any) -> None: ...

    @property
    def label(self) -> str:
        """The data's name, which salts the split; independent of where the data lies."""

    def preflight(self) -> list[Fault]:
        """Return what keeps the source from being read; fault paths are relative to `data`. Reads a head at most."""

    def header(self) -> list[str] | None:
        """Return the column names without reading the rows, or None where that is impossible."""

    def fingerprint(self) -> str | None:
        """Return what changes when the rows may have changed (size, mtime, ETag), or None: never cache."""

    def read(self) -> pd.DataFrame:
        """Return all rows. Raises ContentError when they cannot be read."""


class Writer(Protocol):
    """An output being written; nothing of it is to be seen before `commit`."""

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows; every frame has the columns and dtypes of the first. Raises ContentError."""

    def prepare(self) -> None:
        """Do what takes long once all rows are there (force them to disk, send them), so that `commit` is but a moment.

        Raises ContentError.
        """

    def commit(self) -> None:
        """Make the whole output visible at once. Raises ContentError when something is there already."""

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `commit`."""


class Sink(Protocol):
    """Slot `write`: where answered rows go.

    Optional: `is_text: ClassVar[bool]`, true where all cells become text. Such a sink is given the cells of a text file
    as they stand there, others the columns in types.
    """

    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: Any) -> None: ...

    @property
    def place(self) -> str:
        """Where the output will be, for a person; without secrets."""

    def preflight(self) -> list[Fault]:
        """Return why nothing can be written there, an output that exists already included.

        Paths of faults are relative to `batch.output`.
        """

    def open(self) -> Writer:
        """Begin an output. Raises ContentError."""


class Splitter(Protocol):
    """Slot `split`: which rows are test and validation rows."""

    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: Any) -> None: ...

    def assign(
        self, rows: pd.DataFrame, target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> NDArray[np.str_]:
        """Return "train", "validation", "test" or "" (in no set) for every row, shape (rows,), in the rows' order."""


class Fitted(Protocol):
    """A trained object: answers, its packaged form, and what the library warned of while it was fitted.

    One that learns by epochs has an attribute `learning: LearningCurves`. `libraries: tuple[str, ...]` names the
    distributions that decide what it answers, where those are more than every model's. One that reads raw cells
    instead of features has `predict_cells(cells: Cells) -> Predictions`, and its runtime has it too
    (`ml.predictions.predictions.on_cells` chooses). One of rules has `records: Sequence[RuleRecord]`.
    """

    @property
    def warnings(self) -> Sequence[str]:
        """Texts for a person, such as a solver that did not converge."""

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""

    def export(self, folder: Path, example: NDArray[np.float32]) -> "Export":
        """Write the runtime's file into `folder`: ONNX, else the next runtime, never pickle. Raises PackageError."""


@dataclass(frozen=True)
class Export:
    """Which runtime the packaged form has, its file's name, and the reason for it."""

    runtime: Runtime
    file: str
    reason: str


class Trainer(Protocol):
    """Slot `train` and the baseline.

    Some things are optional. `columns(params) -> Mapping[str, str]` names raw columns that the parameters refer to, by
    key path below the trainer; the preflight looks for them in the header. `misfits(params, schema) -> list[str]` says
    what cannot work with the rows' task and classes, each text beginning with a key path below the trainer; it is asked
    before training. `gives_probabilities = False` keeps metrics that need them from being asked for; `light = True`
    says that `faults` imports no training library, so that it is asked also where something else is wrong.
    `faults_beside(params) -> list[Fault]` tells what is wrong in the sound part of parameters that do not fit `Params`.
    """

    Params: ClassVar[type[BaseModel]]
    tasks: ClassVar[Sequence[Task]]

    def __init__(self, params: Any) -> None: ...

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return what is wrong with parameters beyond `Params` (`task` may be auto); paths relative to `trainer`."""

    def fit(self, train: Matrix, validation: Matrix, signature: Signature, *, seed: int) -> Fitted:
        """Fit on `train`; `validation` steers early stopping only. Raises ContentError for what it cannot learn."""


@dataclass(frozen=True)
class Evidence:
    """What gate checks look at; `production` holds production's metrics on the same test rows, if any."""

    problem: Problem
    metric: str
    evaluation: Evaluation
    baseline: Mapping[str, float | None]
    size_bytes: int
    production: Mapping[str, float | None] | None = None
    production_version: str | None = None
    not_comparable: str | None = None


class GateCheck(Protocol):
    """Slot `gate`: one question asked of a candidate."""

    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: Any) -> None: ...

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome for each threshold."""
