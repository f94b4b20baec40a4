"""Components that hold the contract, to be altered in one thing, and what the alteration is to bring."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from drivetrain import (
    CheckOutcome,
    ContentError,
    Evidence,
    Export,
    Fault,
    Fitted,
    GateCheck,
    Matrix,
    Predictions,
    Signature,
    Sink,
    Source,
    Splitter,
    Strict,
    Task,
    Trainer,
    Writer,
)
from drivetrain.testing import (
    Violation,
)


class Nothing(Strict):
    """No parameters."""


class Where(Strict):
    """A file."""

    path: str = Field(description="a file")


class Lines(Source):
    """Rows of a CSV file."""

    Params = Where
    params: Where
    label = "lines"

    def read(self) -> pd.DataFrame:
        """Return the rows."""
        return pd.read_csv(self.params.path)

    def preflight(self) -> list[Fault]:
        """Look for the file."""
        return [] if Path(self.params.path).is_file() else [Fault("path", "is not there")]


class Out(Sink):
    """A CSV file."""

    Params = Where
    params: Where

    @property
    def place(self) -> str:
        """Return the path."""
        return self.params.path

    def preflight(self) -> list[Fault]:
        """Look for an output."""
        return [Fault("path", "is there")] if Path(self.params.path).exists() else []

    def open(self) -> Writer:
        """Begin."""
        return Lined(Path(self.params.path))


class Lined(Writer):
    """Writes beside the place, and moves."""

    def __init__(self, path: Path) -> None:
        self.path, self.part = path, path.with_name(".part")
        self.frames: list[pd.DataFrame] = []

    def write(self, frame: pd.DataFrame) -> None:
        self.frames.append(frame)
        self.part.write_text(frame.to_csv())

    def commit(self) -> None:
        pd.concat(self.frames).to_csv(self.part)
        shutil.move(self.part, self.path)

    def abort(self) -> None:
        self.part.unlink(missing_ok=True)


class Halves(Splitter):
    """Every other row is a test row."""

    Params = Nothing

    def assign(
        self, rows: pd.DataFrame, target: str, *, test: float, validation: float, by: str | None, salt: str
    ) -> Any:
        """Return the sets."""
        return np.array(["train", "test"] * len(rows), dtype=str)[: len(rows)]


class Shares(Fitted):
    """The same for every row."""

    def __init__(self, task: Task, classes: int) -> None:
        self.task, self.shares = task, [0.5] + [0.5 / (classes - 1)] * (classes - 1) if classes else []

    def predict(self, features: Any) -> Predictions:
        if self.task == "regression":
            return Predictions(values=np.full(len(features), 2.0))
        rows = np.tile(np.array(self.shares), (len(features), 1))
        return Predictions(codes=np.zeros(len(features), np.int64), probabilities=rows)

    def export(self, folder: Path, example: Any) -> Export:
        from ml.runtimes.rules import Constant

        found = Constant(value=2.0) if self.task == "regression" else Constant(probabilities=self.shares)
        (folder / "rules.json").write_text(found.model_dump_json())
        return Export(runtime="rules", file="rules.json", reason="constant")


class Same(Trainer):
    """Predicts the same for every row."""

    Params: ClassVar[type[BaseModel]] = Nothing
    tasks = ("binary", "regression")

    def fit(self, train: Matrix, validation: Matrix, signature: Signature, *, seed: int) -> Fitted:
        """Learn nothing."""
        if not len(train.target):
            raise ContentError("no rows")
        return self.fitted(signature.output.task, len(signature.output.classes or []))

    def fitted(self, task: Task, classes: int) -> Fitted:
        """Return the model."""
        return Shares(task, classes)


class Fine(GateCheck):
    """Lets all through."""

    Params = Nothing

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome."""
        return [CheckOutcome(name="fine", value=None, threshold=None, passed=True, why="it is fine")]


def rows_of(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_csv(folder / "rows.csv", index=False)
    return {"path": str(folder / "rows.csv")}


def out_of(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    return {"path": str(folder / "out.csv")}


def altered(base: type[Any], **changed: Any) -> type[Any]:
    """Return a component with one thing wrong."""
    return type("Altered", (base,), {"__doc__": "Altered.", **changed})


def only(violations: list[Violation], check: str, message: str) -> None:
    assert [one.check for one in violations] == [check] * len(violations) and violations, violations
    assert any(message in one.message for one in violations), violations


def raising(error: Exception) -> Callable[..., Any]:
    def call(*_: Any, **__: Any) -> Any:
        raise error

    return call
