"""The target as numbers, and a set of rows as the matrix that trainers take."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.components.matrix import Matrix
from ml.features.cells import cells
from ml.features.derive import Deriver
from ml.predictions.predictor import FEATURES
from ml.values.canonical import canonical
from ml.values.columns import as_cells, as_numbers
from schemas.data import Problem
from schemas.signature import Signature


def encode(frame: pd.DataFrame, problem: Problem) -> NDArray[Any]:
    """Return the target of every row, (rows,), of a forecast (rows, steps).

    Classes become int64 positions in `problem.classes`, -1 for a class that is not among them or missing; a regression
    target becomes float64, NaN where it is missing or no number.
    """
    column = frame[problem.target]
    if problem.task == "forecast":
        return np.stack([cell.array for cell in column]).astype(np.float64) if len(column) else np.empty((0, 0))
    if problem.classes is None:
        return as_numbers(column)
    codes = {canonical(label): code for code, label in enumerate(problem.classes)}
    labels = as_cells(column, "category")
    return np.array([-1 if label is None else codes.get(canonical(label), -1) for label in labels], dtype=np.int64)


def make_matrix(frame: pd.DataFrame, signature: Signature, problem: Problem) -> Matrix:
    """Return features, target, raw cells and arrays of `frame`, all in the order of its rows."""
    raw = cells(frame, signature)
    arrays = Deriver(signature).arrays(raw)
    features = np.asarray(arrays.pop(FEATURES))
    return Matrix(features, encode(frame, problem), cells=raw, arrays=arrays)
