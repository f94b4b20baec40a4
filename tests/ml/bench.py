"""Real rows, a real signature and real packages for the tests of models."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.components.matrix import Matrix
from ml.components.trainer import Fitted
from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.package.build import build_candidate
from ml.package.model import PackagedModel
from schemas.base import Scalar, Task
from schemas.choice import Choice
from schemas.column_types import ColumnType
from schemas.data import Column, Problem, TableSchema
from schemas.package import DataRecord, SplitRecord
from schemas.signature import Signature

TYPES: dict[str, ColumnType] = {
    "größe in cm": "number",
    "big": "number",
    "empty": "number",
    "color": "category",
    "flag": "boolean",
    "who": "identifier",
    "when": "date",
}
CLASSES: dict[Task, list[Scalar] | None] = {"binary": ["no", "yes"], "multiclass": [1, 2, 3, 7], "regression": None}


@dataclass
class Bench:
    """Training rows, rows to ask with missing and unseen values, and all that follows from them."""

    train: pd.DataFrame
    asked: pd.DataFrame
    problem: Problem
    signature: Signature

    @property
    def matrix(self) -> Matrix:
        return make_matrix(self.train, self.signature, self.problem)

    def ask(self) -> np.ndarray:
        return make_matrix(self.asked, self.signature, self.problem).features


def rows(task: Task, count: int, seed: int, *, unseen: bool = False) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    colors = ["red", "green", "blue", *(["ultraviolet"] if unseen else [])]
    frame = pd.DataFrame(
        {
            "größe in cm": draw.normal(170, 10, count),
            "big": draw.normal(1.7e9, 1e5, count),
            "empty": np.full(count, np.nan),
            "color": draw.choice(colors, count),
            "flag": pd.array(draw.random(count) < 0.5, dtype="boolean"),
            "who": [f"id-{one}" for one in draw.integers(0, 900 if unseen else 300, count)],
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 900, count), unit="D"),
        }
    )
    score = (frame["größe in cm"] - 170) / 10 + (frame["color"] == "red") + draw.normal(0, 0.3, count)
    for column in frame.columns:
        frame.loc[draw.random(count) < 0.08, column] = None
    if task == "regression":
        frame["y"] = 100 + 20 * score
    elif task == "binary":
        frame["y"] = np.where(score > 0.3, "yes", "no")
    else:
        frame["y"] = np.select([score < -0.5, score < 0.5], [1, 2], 7)  # 3 is a class that no row has
    return frame


def bench(task: Task) -> Bench:
    problem = Problem(target="y", task=task, classes=CLASSES[task], unit="mm" if task == "regression" else None)
    columns = [
        Column(name=name, type=kind, declared=True, why="declared", nullable=True) for name, kind in TYPES.items()
    ]
    train = rows(task, 700, seed=1)
    signature = fit_signature(train, TableSchema(problem=problem, columns=columns))
    return Bench(train, rows(task, 1000, seed=2, unseen=True), problem, signature)


@pytest.fixture(scope="session")
def benches() -> dict[str, Bench]:
    return {task: bench(task) for task in CLASSES}


@pytest.fixture(scope="session")
def record() -> DataRecord:
    split = SplitRecord(method=Choice(name="random"), salt="rows", test=0.2, validation=0.2)
    return DataRecord(label="rows", fingerprint="abc", rows={"train": 700}, split=split)


@pytest.fixture(scope="session")
def packaged(benches: dict[str, Bench], record: DataRecord) -> Callable[..., PackagedModel]:
    """Return a function that fits, packages under a folder, and opens what was packaged."""

    def build(fitted: Fitted, bench: Bench, root: Path, trainer: str = "some") -> PackagedModel:
        build_candidate(
            root,
            fitted=fitted,
            signature=bench.signature,
            train=bench.train,
            model="model",
            trainer=Choice(name=trainer),
            seed=3,
            data=record,
        )
        return PackagedModel.open(root)

    return build
