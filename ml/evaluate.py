"""A packaged model on a set of rows: metrics and their bootstrap intervals."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from ml import metrics
from ml.answers import Answers
from ml.extended import ExtendedModel
from ml.frames import cells
from ml.target import encode
from schemas.data import Problem
from schemas.evaluation import Scores


def predictions(model: ExtendedModel, frame: pd.DataFrame, problem: Problem) -> tuple[NDArray[Any], Answers]:
    """Return the target, encoded as `ml.target.encode` does, and the model's answers, both for the rows of `frame`."""
    return encode(frame, problem), model.predict(cells(frame, model.signature))


def evaluate(
    problem: Problem, target: NDArray[Any], answers: Answers, seed: int
) -> tuple[Scores, dict[str, tuple[float, float]]]:
    """Return every metric of the task for what `predictions` gave, and 95 % bootstrap intervals drawn from `seed`."""
    return metrics.scores(problem.task, target, answers), metrics.intervals(problem.task, target, answers, seed=seed)
