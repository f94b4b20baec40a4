"""A packaged model on a set of rows: metrics and their bootstrap intervals."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from ml.evaluation import metrics
from ml.features.cells import cells
from ml.features.matrix import encode
from ml.package.model import PackagedModel
from ml.predictions.predictor import Predictions
from schemas.data import Problem
from schemas.evaluation import Scores


def target_and_predictions(
    model: PackagedModel, frame: pd.DataFrame, problem: Problem
) -> tuple[NDArray[Any], Predictions]:
    """Return the target, encoded by `ml.features.matrix.encode`, and the model's predictions, for `frame`."""
    return encode(frame, problem), model.predict(cells(frame, model.signature))


def target_and_both(
    first: PackagedModel, second: PackagedModel, frame: pd.DataFrame, problem: Problem
) -> tuple[tuple[NDArray[Any], Predictions], tuple[NDArray[Any], Predictions]]:
    """Return what `target_and_predictions` gives for two models; rows that both read alike are turned to cells once."""
    target, table = encode(frame, problem), cells(frame, first.signature)
    alike = first.signature.inputs == second.signature.inputs
    others = table if alike else cells(frame, second.signature)
    return (target, first.predict(table)), (target, second.predict(others))


def evaluate(
    problem: Problem, target: NDArray[Any], predictions: Predictions, seed: int
) -> tuple[Scores, dict[str, tuple[float, float]]]:
    """Return every metric of the task, and 95 % bootstrap intervals drawn from `seed`."""
    return metrics.scores(problem.task, target, predictions), metrics.intervals(
        problem.task, target, predictions, seed=seed
    )
